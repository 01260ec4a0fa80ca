package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// writeUndo writes undo data to a file that must not exist yet, and returns its
// name. Without one it is named for the time, and numbered if somebody else was
// as fast.
func writeUndo(path string, now time.Time, text []byte) (string, error) {
	if path != "" {
		return path, writeNew(path, text)
	}
	name := "gabion-undo-" + now.UTC().Format("20060102T150405Z")
	path = name + ".json"
	for n := 2; ; n++ {
		err := writeNew(path, text)
		if !errors.Is(err, fs.ErrExist) {
			return path, err
		}
		path = fmt.Sprintf("%s-%d.json", name, n)
	}
}

// writeNew writes a file that only its owner may read and that must not exist
// yet. Either all of it is there afterwards, on the disk, or there is no file.
func writeNew(path string, text []byte) (err error) {
	reserved, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s: %w, and is not overwritten", path, fs.ErrExist)
	}
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(path) // it is empty, and nothing has been done yet
		}
	}()
	if err := reserved.Close(); err != nil {
		return err
	}
	err = writeFile(path, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes sure that a name survives a crash. Some systems cannot do that
// to a directory, and the file is there all the same.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = d.Sync()
	return d.Close()
}
