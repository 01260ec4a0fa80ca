package cli

import (
	"io"
	"iter"
	"os"
	"runtime"
	"slices"
	"sync"

	"github.com/gabion-security/gabion/workload"
)

const (
	// aheadFiles is how many files for each processor may be read before their
	// turn.
	aheadFiles = 4
	// aheadSize is how long such a file may be. A longer one is a List perhaps,
	// whose items are handed on as they are read.
	aheadSize = 1 << 20
)

// turn is a file in its turn.
type turn struct {
	file workload.File
	err  error // of walking
	// ahead is closed when reading the file ahead has ended; items are what is
	// in it, if it was read.
	ahead chan struct{}
	items []workload.Item
	read  bool
	// template says that it is one of a chart, which Helm has for itself.
	template bool
}

// turns yields the files that a walk finds, in their order. Small ones are read
// before their turn, several at once.
func (in *input) turns(walk iter.Seq2[workload.File, error]) iter.Seq[*turn] {
	return func(yield func(*turn) bool) {
		next, stop := iter.Pull2(walk)
		defer stop()
		// As many as may wait fit in, so that nobody waits to put one there.
		tasks := make(chan *turn, aheadFiles*runtime.GOMAXPROCS(0))
		var reading sync.WaitGroup
		defer reading.Wait()
		defer close(tasks)
		for range runtime.GOMAXPROCS(0) {
			reading.Go(func() {
				for t := range tasks {
					in.readAhead(t)
				}
			})
		}
		var queue []*turn
		for more := true; more || len(queue) > 0; {
			for more && len(queue) < cap(tasks) {
				var t turn
				if t.file, t.err, more = next(); !more {
					break
				}
				t.ahead = make(chan struct{})
				t.template = in.render != nil && in.render.met.template(t.file.Path)
				queue = append(queue, &t)
				tasks <- &t
			}
			if len(queue) == 0 {
				return
			}
			t := queue[0]
			queue = queue[1:]
			if !yield(t) {
				return
			}
		}
	}
}

// readAhead reads a file if it is a small one. Whatever else it is, such as a
// pipe or a chart, nobody touches it before its turn.
func (in *input) readAhead(t *turn) {
	defer close(t.ahead)
	if t.err != nil || t.template || t.file.Path == workload.Stdin || in.isChart(t.file) {
		return
	}
	if t.file.Explicit { // Walk finds nothing but regular files
		if info, err := os.Stat(t.file.Path); err != nil || !info.Mode().IsRegular() {
			return
		}
	}
	f, err := t.file.Open()
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil || info.Size() > aheadSize {
		return
	}
	text := io.Reader(f)
	if in.console.bar != nil {
		text = in.console.watch(f)
	}
	t.items, t.read = slices.Collect(in.reader.Read(t.file.Path, once{text})), true
}

// once is a file that is read once, from its beginning to its end, as small ones
// are: not to ask how it could be read again saves two system calls.
type once struct{ io.Reader }

// all yields what is in the file.
func (t *turn) all(in *input) iter.Seq[workload.Item] {
	if <-t.ahead; t.read {
		return slices.Values(t.items)
	}
	return in.open(t.file)
}
