package workload

import (
	"os"
	"strings"
	"sync"
)

// tree is a directory that was given, held open for the files that a walk finds
// in it: what is opened through it stays in it, without asking for each file
// where the links on the way to it lead. It is closed when nobody has a file of
// it any more.
type tree struct {
	path string
	once sync.Once
	root *os.Root // nil if it cannot be opened
	dir  *os.File // the same directory, for who asks the system itself; or nil
}

// hold opens the tree, once, and returns the path of a file of it from there.
func (t *tree) hold(path string) (below string, ok bool) {
	t.once.Do(func() {
		if t.root, _ = os.OpenRoot(t.path); t.root != nil {
			t.dir, _ = t.root.Open(".")
		}
	})
	below, ok = strings.CutPrefix(path, t.path)
	for below != "" && os.IsPathSeparator(below[0]) {
		below = below[1:]
	}
	return below, ok && t.root != nil
}

// open opens a file of the tree. It fails for more than it has to, such as links
// that leave the tree and come back.
func (t *tree) open(path string) (*os.File, error) {
	below, ok := t.hold(path)
	if !ok {
		return nil, os.ErrInvalid
	}
	return t.root.OpenFile(below, readOnly, 0)
}
