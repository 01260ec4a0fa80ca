package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxFile is far more than anybody writes.
const maxFile = 1 << 20

// misnamed is what nobody reads, although somebody may think so.
const misnamed = ".gabion.yml"

// Find returns the file that belongs to the paths, "" if there is none: the first
// one upward from the directory that they have in common. It looks no further than
// the root of their git repository. Outside of one it looks up to the working
// directory, if that is above them: a directory further up may be anybody's.
//
// Paths are absolute; the working directory stands for standard input.
func Find(paths []string, working string) (string, error) {
	dir := common(paths)
	if dir == "" {
		return "", nil
	}
	last := boundary(dir, working)
	for {
		if file, err := in(dir, last); file != "" || err != nil {
			return file, err
		}
		if dir == last {
			return "", nil
		}
		dir = filepath.Dir(dir)
	}
}

// in returns the file of a directory, "" if there is none.
func in(dir, last string) (string, error) {
	if _, err := os.Lstat(filepath.Join(dir, misnamed)); err == nil {
		return "", fmt.Errorf("%s: nobody reads a file of this name: call it %s", filepath.Join(dir, misnamed), Name)
	}
	file := filepath.Join(dir, Name)
	if _, err := os.Lstat(file); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	} else if err != nil {
		return "", fmt.Errorf("%s: %w", file, cause(err))
	}
	inside, err := Inside(last, file)
	switch {
	case err != nil:
		return "", fmt.Errorf("%s: %w", file, cause(err))
	case !inside:
		return "", fmt.Errorf("%s: it is a link that leads out of %s, and is not followed", file, last)
	}
	return file, nil
}

// common returns the deepest directory that has all paths in it or below it.
func common(paths []string) string {
	dir := ""
	for i, path := range paths {
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			path = filepath.Dir(path)
		}
		path = filepath.Clean(path)
		if i == 0 {
			dir = path
		}
		for !within(dir, path) {
			if up := filepath.Dir(dir); up != dir {
				dir = up
				continue
			}
			return "" // they stand on two drives
		}
	}
	return dir
}

// boundary returns the last directory to look into.
func boundary(dir, working string) string {
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			return at
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	if within(working, dir) {
		return filepath.Clean(working)
	}
	return dir
}

// within reports whether a path is a directory or stands below it, by name.
func within(dir, path string) bool {
	rest, err := filepath.Rel(dir, path)
	return err == nil && (rest == "." || filepath.IsLocal(rest))
}

// Inside reports whether a path stands below a directory when all links are
// followed. It is an error if it does not exist.
func Inside(dir, path string) (bool, error) {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return false, err
	}
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return false, err
	}
	return within(root, target), nil
}

// Below returns the path that a file of a directory names. It must not lead out of
// the directory, be it by a link; that it does not exist is for others to say.
func Below(dir, path string) (string, error) {
	if !filepath.IsLocal(filepath.FromSlash(path)) {
		return "", fmt.Errorf("%q leads out of the directory of the file: paths are relative to it and stay below it", path)
	}
	full := filepath.Join(dir, filepath.FromSlash(path))
	inside, err := Inside(dir, full)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return full, nil
	case err != nil:
		return "", fmt.Errorf("%q: %w", path, cause(err))
	case !inside:
		return "", fmt.Errorf("%q is a link that leads out of the directory of the file, and is not followed", path)
	}
	return full, nil
}

// Text returns what is in a file that was found: a plain one of a sane size.
func Text(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, cause(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no plain file")
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, cause(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	var b strings.Builder
	if _, err := io.Copy(&b, io.LimitReader(f, maxFile+1)); err != nil {
		return nil, cause(err)
	}
	if b.Len() > maxFile {
		return nil, fmt.Errorf("it has more than %d KiB", maxFile>>10)
	}
	return []byte(b.String()), nil
}

// cause is an error of the file system without the path.
func cause(err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}
