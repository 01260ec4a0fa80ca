package workload

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// piece is what stands between two separator lines. Its text begins with the
// line that opens it, "---" and all, so that content on that line is YAML's to
// understand and lines count from there.
type piece struct {
	text  []byte // all of it; of a large piece only the beginning
	line  int    // the file's line of the text's first byte
	first bool   // no separator line opens it
	// large is all of a piece that is longer than an object may be.
	large *io.SectionReader
	err   error // why a large piece cannot be read
}

// splitter cuts a file into pieces at the lines that match ^---(\s|$). Text up
// to the limit is held in memory. Longer pieces must be read more than once: a
// file is read again, other input is kept in a temporary file.
type splitter struct {
	*buffers
	limit  int
	source io.ReaderAt // nil if the input cannot be read again
	base   int64       // where in source the input begins

	offset  int64  // how many bytes were read
	line    int    // the line that the next byte is on
	inLine  bool   // the next byte continues a line
	opening []byte // the separator line that ended the last piece
	spool   *os.File
	spooled *bufio.Writer // to it: lines are short
	begun   bool
	ended   bool
}

// spoolBuffer is how much is written to a temporary file at once.
const spoolBuffer = 256 << 10

// maxBinary is how long a piece with a NUL in it may be. What follows a longer
// one is not looked for: the end of a device may never come.
const maxBinary = 1 << 20

var errUTF16 = errors.New("the text is UTF-16: convert it to UTF-8")

// newSplitter passes over a UTF-8 byte order mark. Its error is the file's.
func newSplitter(in io.Reader, b *buffers, limit int) (*splitter, error) {
	s := &splitter{buffers: b, limit: limit, line: 1}
	s.source, s.base = readAgain(in)
	head, err := s.in.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, reason(err)
	}
	switch {
	case isUTF16(head):
		return nil, errUTF16
	case string(head) == utf8Mark:
		n, err := s.in.Discard(3)
		s.offset = int64(n)
		if err != nil {
			return nil, reason(err)
		}
	}
	return s, nil
}

// utf8Mark is the byte order mark of a UTF-8 text.
const utf8Mark = "\xef\xbb\xbf"

// isUTF16 reports whether a text begins with a byte order mark of UTF-16.
func isUTF16(text []byte) bool {
	return bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff"))
}

// isOnePiece reports whether a splitter would find one piece in a text, and nothing
// wrong; it may say no of one that is.
func isOnePiece(text []byte, limit int) bool {
	return len(text) <= limit && !bytes.HasPrefix(text, []byte("---")) && !bytes.Contains(text, []byte("\n---")) &&
		bytes.IndexByte(text, 0) < 0 && !isUTF16(text) && !bytes.HasPrefix(text, []byte(utf8Mark))
}

// readAgain returns the input for reading it more than once, if that is
// possible, and where it stands now.
func readAgain(in io.Reader) (io.ReaderAt, int64) {
	again, ok := in.(interface {
		io.ReaderAt
		io.Seeker
	})
	if !ok {
		return nil, 0
	}
	if f, ok := in.(*os.File); ok {
		if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
			return nil, 0
		}
	}
	offset, err := again.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, 0
	}
	return again, offset
}

// next returns the next piece, valid until the following call, or io.EOF.
func (s *splitter) next() (*piece, error) {
	s.close()
	if s.ended {
		return nil, io.EOF
	}
	p := &piece{line: s.line, first: !s.begun}
	start := s.offset - int64(len(s.opening))
	if bytes.HasSuffix(s.opening, []byte("\n")) {
		p.line--
	}
	s.text, s.opening, s.begun = append(s.text[:0], s.opening...), nil, true
	large, binary := false, false
	for {
		part, err := s.in.ReadSlice('\n')
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
			s.ended = true
			return nil, reason(err)
		}
		separates := !s.inLine && isSeparator(part) && (large || !onlyDirectives(s.text))
		end := s.offset
		s.count(part)
		s.ended = errors.Is(err, io.EOF) && !separates
		if !separates && (binary || bytes.IndexByte(part, 0) >= 0) {
			binary, p.err = true, errBinary
			s.ended = s.ended || s.offset-start > maxBinary
		}
		switch {
		case separates:
			s.opening = bytes.Clone(part)
		case !large:
			s.text = append(s.text, part...)
			if large = len(s.text) > s.limit; large && p.err == nil {
				p.err = s.keep(s.text)
			}
		case s.spool != nil && p.err == nil:
			p.err = s.write(part)
		}
		if s.ended {
			end = s.offset
		}
		if s.ended || separates {
			if !large {
				p.text = bytes.Clone(s.text)
				return p, nil
			}
			p.text, s.text = s.text, nil // so long a buffer is not kept
			if p.err == nil {
				p.large, p.err = s.section(start, end)
			}
			return p, nil
		}
	}
}

// count notes that a part of a line, or its rest, was read.
func (s *splitter) count(part []byte) {
	s.offset += int64(len(part))
	s.inLine = len(part) > 0 && part[len(part)-1] != '\n'
	if len(part) > 0 && !s.inLine {
		s.line++
	}
}

// keep begins a temporary file if the input cannot be read again. The file has
// no name any more, so that nothing is left behind.
func (s *splitter) keep(text []byte) error {
	if s.source != nil {
		return nil
	}
	if jsonStart(text) < 0 && !hasItemsLine(text) {
		return errNotBlockList // and so nobody reads it again
	}
	spool, err := os.CreateTemp("", "gabion-*")
	if err != nil {
		return fmt.Errorf("the document is large and no temporary file can be made for it: %w", err)
	}
	s.spool, s.spooled = spool, bufio.NewWriterSize(spool, spoolBuffer)
	// Where an open file cannot be removed, close does it.
	_ = os.Remove(spool.Name())
	return s.write(text)
}

func (s *splitter) write(text []byte) error {
	_, err := s.spooled.Write(text)
	return notSpooled(err)
}

// notSpooled says why a temporary file is not written.
func notSpooled(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the document is large and its temporary file cannot be written: %w", err)
}

// section is the input from start to end.
func (s *splitter) section(start, end int64) (*io.SectionReader, error) {
	if s.spool == nil {
		return io.NewSectionReader(s.source, s.base+start, end-start), nil
	}
	if err := s.spooled.Flush(); err != nil {
		return nil, notSpooled(err)
	}
	return io.NewSectionReader(s.spool, 0, end-start), nil
}

// close removes what next made.
func (s *splitter) close() {
	if s.spool == nil {
		return
	}
	// What was read is judged already; an error here changes nothing.
	_ = s.spool.Close()
	_ = os.Remove(s.spool.Name())
	s.spool, s.spooled = nil, nil
}

// isSeparator reports whether a line separates documents.
func isSeparator(line []byte) bool {
	return bytes.HasPrefix(line, []byte("---")) &&
		(len(line) == 3 || bytes.IndexByte([]byte(" \t\r\n\f"), line[3]) >= 0)
}

// onlyDirectives reports whether a text has directives ("%YAML 1.1") and
// nothing else yet: the separator that follows belongs to the same document.
func onlyDirectives(text []byte) bool {
	if len(text) == 0 || isSeparator(text) || contentStart(text) >= 0 {
		return false
	}
	return text[0] == '%' || bytes.Contains(text, []byte("\n%"))
}

// contentStart returns where the content of a YAML document begins: the first
// byte that is not white space, comment, directive or separator; -1 if there is
// none.
func contentStart(text []byte) int {
	opened := false
	for at := 0; at < len(text); {
		end := len(text)
		if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		line := text[at:end]
		if !opened && isSeparator(line) {
			opened = true
			line = line[3:]
		}
		rest := bytes.TrimLeft(line, " \t\r\n\f")
		switch {
		case len(rest) == 0, rest[0] == '#', line[0] == '%' && !opened:
		default:
			return end - len(rest)
		}
		at = end
	}
	return -1
}

// jsonStart returns where a piece begins with "{", and -1 if it begins with
// something else.
func jsonStart(text []byte) int {
	rest := text
	if isSeparator(rest) {
		rest = rest[3:]
	}
	rest = bytes.TrimLeft(rest, " \t\r\n\f")
	if len(rest) == 0 || rest[0] != '{' {
		return -1
	}
	return len(text) - len(rest)
}
