package workload

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Stdin is the path that stands for standard input.
const Stdin = "-"

// File is a file to read.
type File struct {
	// Path is the path as it was given, plus what walking a directory added;
	// [Stdin] for standard input.
	Path string
	// Explicit says that the path itself was given, not found by walking.
	Explicit bool
}

// Walk yields the files that paths lead to, in the order of the paths.
// Directories are walked recursively, their entries in the order of their
// names' bytes, for files that end in .yaml, .yml or .json. Directories whose
// names begin with a dot are passed over, and so are links to directories; links
// to files are read. What cannot be walked or does not exist comes as an
// error with its File, and the walk goes on. Walk opens no file.
func Walk(paths []string) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		for _, path := range paths {
			if !walk(path, yield) {
				return
			}
		}
	}
}

// walk yields what one given path leads to.
func walk(path string, yield func(File, error) bool) (more bool) {
	file := File{Path: path, Explicit: true}
	if path == Stdin {
		return yield(file, nil)
	}
	info, err := os.Stat(path)
	if err != nil {
		return yield(file, reason(err))
	}
	if !info.IsDir() {
		return yield(file, nil)
	}
	return walkDir(path, true, yield)
}

func walkDir(dir string, explicit bool, yield func(File, error) bool) (more bool) {
	entries, err := os.ReadDir(dir)
	if err != nil && !yield(File{Path: dir, Explicit: explicit}, reason(err)) {
		return false
	}
	for _, entry := range entries {
		path := under(dir, entry.Name())
		if entry.IsDir() {
			if !strings.HasPrefix(entry.Name(), ".") && !walkDir(path, false, yield) {
				return false
			}
			continue
		}
		if !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path)) {
			continue
		}
		read, err := isFile(path, entry)
		if (read || err != nil) && !yield(File{Path: path}, err) {
			return false
		}
	}
	return true
}

// isFile reports whether an entry is a file, or a link to one.
func isFile(path string, entry fs.DirEntry) (bool, error) {
	if entry.Type()&fs.ModeSymlink == 0 {
		return entry.Type().IsRegular(), nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return false, reason(err)
	}
	return info.Mode().IsRegular(), nil
}

// under joins a name to a directory's path as that was given: cleaning "./a"
// would not be what the user wrote.
func under(dir, name string) string {
	if dir != "" && os.IsPathSeparator(dir[len(dir)-1]) {
		return dir + name
	}
	return dir + string(filepath.Separator) + name
}

// reason is an error without the path, which whoever prints it adds.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("cannot be read: %w", path.Err)
	}
	return fmt.Errorf("cannot be read: %w", err)
}

// ReadFile is [Reader.Read] for a file that [Walk] found. A file that cannot be
// opened yields one Broken item.
func (r *Reader) ReadFile(file File, stdin io.Reader) iter.Seq[Item] {
	return func(yield func(Item) bool) {
		if file.Path == Stdin {
			r.Read(Stdin, stdin)(yield)
			return
		}
		in, err := os.Open(file.Path)
		if err != nil {
			yield(Item{Source: Source{File: file.Path}, Outcome: Broken, Err: reason(err)})
			return
		}
		defer func() { _ = in.Close() }() // it was only read
		r.Read(file.Path, in)(yield)
	}
}
