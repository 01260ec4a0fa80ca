package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

var errChanged = errors.New("it has changed since it was read, and is not overwritten: run it again")

// unreadable is an error without the path, which whoever prints it adds.
func unreadable(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("cannot be read: %w", err)
}

// unwritable is the same for writing.
func unwritable(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	}
	return fmt.Errorf("cannot be written, and is as it was: %w", err)
}

// replace puts a text in the place of the file that was read: all of it, or none.
// Its mode stays, and of a link it is the target that is replaced.
func (r *readFile) replace(text []byte) (err error) {
	target, err := filepath.EvalSymlinks(r.path)
	if err != nil {
		return unwritable(err)
	}
	if r.info.Mode().Perm()&0o222 == 0 {
		return unwritable(errors.New("it is read-only"))
	}
	if err := r.unchanged(target); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+".*")
	if err != nil {
		return unwritable(err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name()) // what matters is the first error
		}
	}()
	if _, err := f.Write(text); err != nil {
		return unwritable(err)
	}
	if err := errors.Join(keepOwner(f, r.info), f.Chmod(r.info.Mode().Perm()), f.Sync(), f.Close()); err != nil {
		return unwritable(err)
	}
	if err := r.unchanged(target); err != nil { // as late as possible
		return err
	}
	if err := os.Rename(f.Name(), target); err != nil {
		return unwritable(err)
	}
	return syncDir(filepath.Dir(target))
}

// unchanged reports an error unless the file is the one that was read, with the same
// in it.
func (r *readFile) unchanged(target string) error {
	info, err := os.Stat(target)
	if err != nil || !os.SameFile(info, r.info) || info.Size() != r.info.Size() || !info.ModTime().Equal(r.info.ModTime()) {
		return errChanged
	}
	now, err := os.ReadFile(target)
	if err != nil {
		return unwritable(err)
	}
	if !bytes.Equal(now, r.text) {
		return errChanged
	}
	return nil
}
