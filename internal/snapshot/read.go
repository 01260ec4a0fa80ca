package snapshot

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/gabion-security/gabion/internal/inventory"
)

const (
	// longestLine is how long a line may be. API servers take no object that is
	// larger than a few MiB, but the first line has the problems of them all.
	longestLine = 256 << 20
	// batchSize is how many bytes of lines are read at once.
	batchSize = 256 << 10
)

var (
	errForeign   = errors.New("this is no snapshot of a cluster: take one with gabion snapshot")
	errDamaged   = errors.New("the snapshot is damaged: take it again")
	errTruncated = errors.New("the snapshot is not complete: its end is missing; take it again")
)

// Read reads a snapshot into an inventory that is being built, also one that
// somebody has unpacked to look at it. After an error nothing may be concluded
// from what has been read.
func Read(in io.Reader, into *inventory.Builder) error {
	packed := bufio.NewReaderSize(in, batchSize)
	text := packed
	if magic, err := packed.Peek(2); err != nil || string(magic) == "\x1f\x8b" {
		zip, err := gzip.NewReader(packed)
		if err != nil {
			return whatIsWrong(err)
		}
		text = bufio.NewReaderSize(zip, batchSize)
	}
	first, err := firstLine(text)
	if err != nil {
		return whatIsWrong(err)
	}
	var h header
	if err := json.Unmarshal(first, &h); err != nil || h.Kind != kind {
		return errForeign
	}
	if h.APIVersion != apiVersion {
		return fmt.Errorf("the snapshot has the form %s, and this program reads %s: take it again", h.APIVersion, apiVersion)
	}
	if err := h.into(&into.Inventory); err != nil {
		return fmt.Errorf("reading the snapshot: %w", err)
	}
	if len(into.Documents) > 0 { // which may look at that, too
		into.Extra, into.Labels = true, true
	}
	n, err := readLines(text, into)
	if err != nil {
		return whatIsWrong(err)
	}
	if n != h.Lines {
		return errTruncated
	}
	return nil
}

// whatIsWrong says in the user's words what is wrong with a file.
func whatIsWrong(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, io.EOF), errors.Is(err, errForeign):
		return errForeign
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errTruncated
	case errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return errDamaged
	}
	return fmt.Errorf("reading the snapshot: %w", err)
}

// firstLine reads the first line, however long.
func firstLine(in *bufio.Reader) (line []byte, err error) {
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		if err == nil {
			return line, nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
		if len(line) > longestLine || !bytes.HasPrefix(line, []byte(`{"apiVersion":"`)) {
			return nil, errForeign
		}
	}
}

// batch is some lines, and then what they say.
type batch struct {
	text    []byte
	entries []entry
	err     error
	done    chan struct{}
}

// readLines reads the rest of the lines on all processors, and returns how many
// there are.
func readLines(in *bufio.Reader, into *inventory.Builder) (lines int, err error) {
	workers := runtime.GOMAXPROCS(0)
	work, ordered := make(chan *batch, workers), make(chan *batch, 2*workers)
	stop := make(chan struct{})
	defer close(stop)
	for range workers {
		go func() {
			p := newParser(into.Extra, into.Labels)
			for b := range work {
				b.entries, b.err = p.parse(b.text)
				b.text = nil
				close(b.done)
			}
		}()
	}
	var readErr error
	go func() {
		defer close(ordered)
		defer close(work)
		readErr = split(in, func(text []byte) bool {
			b := &batch{text: text, done: make(chan struct{})}
			select {
			case ordered <- b:
			case <-stop:
				return false
			}
			work <- b
			return true
		})
	}()
	m := newMerger(into)
	for b := range ordered {
		<-b.done
		if b.err != nil {
			return lines, b.err
		}
		lines += len(b.entries)
		if err := m.merge(b.entries); err != nil {
			return lines, err
		}
	}
	return lines, readErr
}

// split hands on whole lines, many at once, until there are no more or nobody
// wants them.
func split(in io.Reader, hand func([]byte) bool) error {
	var rest []byte
	for {
		text := make([]byte, max(batchSize, 2*len(rest)))
		n := copy(text, rest)
		read, err := io.ReadFull(in, text[n:])
		text = text[:n+read]
		end := bytes.LastIndexByte(text, '\n') + 1
		rest = text[end:]
		if end > 0 && !hand(text[:end]) {
			return nil
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF) && isEnd(in):
			if len(rest) > 0 {
				return io.ErrUnexpectedEOF
			}
			return nil
		case err != nil:
			return err
		case len(rest) > longestLine:
			return errForeign
		}
	}
}

// isEnd tells the end of a text, after which ReadFull came short of bytes, from
// one that was cut off: a second read says so again.
func isEnd(in io.Reader) bool {
	_, err := in.Read(make([]byte, 1))
	return errors.Is(err, io.EOF)
}
