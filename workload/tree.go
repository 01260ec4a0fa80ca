package workload

import (
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"weak"
)

// tree is a directory that was given, held open for the files that a walk finds
// in it: what is opened through it stays in it, without asking for each file
// where the links on the way to it lead. It is closed when enough others have been
// opened since, or when nobody has a file of it any more, and opened again by its
// path for who still has one.
type tree struct {
	path string
	root held[*os.Root]
	dir  held[*os.File] // the same directory, for who asks the system itself
}

// below returns the path of a file of the tree from there.
func (t *tree) below(path string) (below string, ok bool) {
	below, ok = strings.CutPrefix(path, t.path)
	for below != "" && os.IsPathSeparator(below[0]) {
		below = below[1:]
	}
	return below, ok
}

// open opens a file of the tree. It fails for more than it has to, such as links
// that leave the tree and come back, or a tree that is closed at this moment.
func (t *tree) open(path string) (*os.File, error) {
	below, ok := t.below(path)
	if !ok {
		return nil, os.ErrInvalid
	}
	root, err := t.root.hold(t.path, os.OpenRoot)
	if err != nil {
		return nil, err
	}
	return root.OpenFile(below, readOnly, 0)
}

// held is a directory that is held open. It may be closed at any time: package os
// counts who uses it, so what is under way comes to its end, and who comes later is
// told that it is closed.
type held[D io.Closer] struct {
	dir     atomic.Pointer[D] // nil if it is not open
	opening sync.Mutex
}

// hold returns the directory, which it opens if need be.
func (h *held[D]) hold(path string, open func(path string) (D, error)) (D, error) {
	if dir := h.dir.Load(); dir != nil {
		return *dir, nil
	}
	h.opening.Lock()
	defer h.opening.Unlock()
	if dir := h.dir.Load(); dir != nil { // somebody else was quicker
		return *dir, nil
	}
	dir, err := open(path)
	if err != nil {
		return dir, err
	}
	h.dir.Store(&dir)
	closer := weak.Make(h) // to be in the row keeps nothing alive
	row.add(func() {
		if h := closer.Value(); h != nil {
			h.close()
		}
	})
	return dir, nil
}

func (h *held[D]) close() {
	if dir := h.dir.Swap(nil); dir != nil {
		_ = (*dir).Close() // it was only read
	}
}

// maxHeld is how many directories are held open. Files are read about in the order
// of the walk that found them, so those of few directories at a time.
const maxHeld = 16

// row is what is held open in this process, each with a place of its own.
var row closers

// closers close what was opened, the first of them first.
type closers struct {
	mu   sync.Mutex
	next []func()
}

// add puts one at the end, and closes the first if that is one too many.
func (c *closers) add(last func()) {
	c.mu.Lock()
	c.next = append(c.next, last)
	first := func() {}
	if len(c.next) > maxHeld {
		first, c.next = c.next[0], c.next[1:]
	}
	c.mu.Unlock()
	first()
}
