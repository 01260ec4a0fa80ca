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
}

// open opens a file of the tree. It fails for more than it has to, such as links
// that leave the tree and come back.
func (t *tree) open(path string) (*os.File, error) {
	t.once.Do(func() { t.root, _ = os.OpenRoot(t.path) })
	below, ok := strings.CutPrefix(path, t.path)
	if t.root == nil || !ok {
		return nil, os.ErrInvalid
	}
	for below != "" && os.IsPathSeparator(below[0]) {
		below = below[1:]
	}
	return t.root.OpenFile(below, readOnly, 0)
}
