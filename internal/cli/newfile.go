package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// newFile is a file that is being written. It is there with all of its content
// once it is committed; until then what was there before stays. What is there
// and is no file, such as a pipe or a device, is written to.
type newFile struct {
	*os.File

	target string // "" for what is written to as it is
}

// createFile begins a file with a mode, from which the umask takes.
func createFile(path string, mode fs.FileMode) (*newFile, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		return &newFile{File: f}, nil
	}
	target := path
	if linked, err := filepath.EvalSymlinks(path); err == nil {
		target = linked
	}
	for n := 1; ; n++ {
		// No name of a manifest: whoever reads the directory meanwhile passes it over.
		name := filepath.Join(filepath.Dir(target), fmt.Sprintf(".%s.%d.%d", filepath.Base(target), os.Getpid(), n))
		f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
		switch failed := (*fs.PathError)(nil); {
		case err == nil:
			return &newFile{f, target}, nil
		case errors.Is(err, fs.ErrExist):
		case errors.As(err, &failed):
			return nil, &fs.PathError{Op: "open", Path: path, Err: failed.Err} // the name that people know
		default:
			return nil, err
		}
	}
}

// newFiles are files that are taken back if the program is interrupted. Those
// that were committed stay.
type newFiles struct {
	mu  sync.Mutex
	all []*newFile
}

func (n *newFiles) add(f *newFile) {
	if n == nil {
		return // nobody interrupts
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, f)
}

func (n *newFiles) discard() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, f := range n.all {
		f.discard()
	}
}

// commit puts the file in its place, or leaves nothing.
func (f *newFile) commit() (err error) {
	if f.target == "" {
		return f.Close()
	}
	defer func() {
		if err != nil {
			f.discard() // what matters is the first error
		}
	}()
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), f.target)
}

// discard takes back a file that will not be committed.
func (f *newFile) discard() {
	_ = f.Close()
	if f.target != "" {
		_ = os.Remove(f.Name())
	}
}
