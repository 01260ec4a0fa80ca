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
	// Root is the directory that was given, for what was found below it: links
	// that lead out of it are not followed.
	Root string
	// Whole says that this is a directory that is read as one thing, which
	// [Walker.Whole] knows. The files in it follow.
	Whole bool

	tree *tree // what Root is, if a walk found the file
}

// errOutside is why a link is not followed.
var errOutside = errors.New("a link that leads out of the directory that was given, so it is not followed; give what it leads to, if it is to be read")

// errIrregular is why a pipe is not read.
var errIrregular = errors.New("it is no regular file, so it is not read; give it by its own name, if it is to be read")

// Walk yields the files that paths lead to, in the order of the paths.
// Directories are walked recursively, their entries in the order of their
// names' bytes, for files that end in .yaml, .yml or .json. Directories whose
// names begin with a dot are passed over, and so are links to directories, as
// kubectl does; links to files are read, unless they lead out of the directory
// that was given, which is an error, as is what is no regular file, such as a
// pipe. What cannot be walked or does not exist comes as an error with
// its File, and the walk goes on. Walk opens no file.
func Walk(paths []string) iter.Seq2[File, error] { return Walker{}.Walk(paths) }

// Walker walks as [Walk] does, and leaves to its owner what is special.
type Walker struct {
	// Exclude says of a file or directory that it is left out, with all that is
	// in it. Nil leaves nothing out.
	Exclude func(path string, dir bool) bool
	// Whole says of a directory that it is one thing, such as a chart: it is
	// yielded itself, and then what is in it, of which the owner knows what was
	// read with the whole. Nil says so of none.
	Whole func(dir string) bool
}

// Walk yields what paths lead to.
func (w Walker) Walk(paths []string) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		for _, path := range paths {
			if !w.walk(path, yield) {
				return
			}
		}
	}
}

func (w Walker) excludes(path string, dir bool) bool { return w.Exclude != nil && w.Exclude(path, dir) }

// walk yields what one given path leads to.
func (w Walker) walk(path string, yield func(File, error) bool) (more bool) {
	file := File{Path: path, Explicit: true}
	if path == Stdin {
		return yield(file, nil)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return yield(file, reason(err))
	case w.excludes(path, info.IsDir()):
		return true
	case !info.IsDir():
		return yield(file, nil)
	}
	return w.dir(file, &tree{path: path}, yield)
}

func (w Walker) dir(dir File, of *tree, yield func(File, error) bool) (more bool) {
	if w.Whole != nil && w.Whole(dir.Path) {
		whole := dir
		whole.Whole, whole.Root = true, of.path
		if !yield(whole, nil) {
			return false
		}
	}
	entries, err := os.ReadDir(dir.Path)
	if err != nil && !yield(dir, reason(err)) {
		return false
	}
	for _, entry := range entries {
		file := File{Path: under(dir.Path, entry.Name()), Root: of.path, tree: of}
		if w.excludes(file.Path, entry.IsDir()) {
			continue
		}
		if entry.IsDir() {
			if !strings.HasPrefix(entry.Name(), ".") && !w.dir(file, of, yield) {
				return false
			}
			continue
		}
		if !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(file.Path)) {
			continue
		}
		read, err := isFile(file, entry)
		if (read || err != nil) && !yield(file, err) {
			return false
		}
	}
	return true
}

// isFile reports whether an entry is a file, or a link to one. What is neither that nor
// a directory is an error.
func isFile(file File, entry fs.DirEntry) (bool, error) {
	if entry.Type()&fs.ModeSymlink == 0 {
		return regular(entry.Type())
	}
	if _, _, err := file.inRoot(); err != nil {
		return false, reason(err)
	}
	info, err := os.Stat(file.Path)
	if err != nil {
		return false, reason(err)
	}
	if info.IsDir() {
		return false, nil
	}
	return regular(info.Mode())
}

func regular(mode fs.FileMode) (bool, error) {
	if !mode.IsRegular() {
		return false, errIrregular
	}
	return true, nil
}

// inRoot returns what links lead to: the root, and the file below it.
func (f File) inRoot() (root, path string, err error) {
	if root, err = filepath.EvalSymlinks(f.Root); err != nil {
		return "", "", err
	}
	target, err := filepath.EvalSymlinks(f.Path)
	if err != nil {
		return "", "", err
	}
	if root, err = filepath.Abs(root); err != nil {
		return "", "", err
	}
	if target, err = filepath.Abs(target); err != nil {
		return "", "", err
	}
	if path, err = filepath.Rel(root, target); err != nil || !filepath.IsLocal(path) {
		return "", "", errOutside
	}
	return root, path, nil
}

// Open opens the file. Below the Root it finds no way out of it, whatever was
// put there since the walk.
func (f File) Open() (*os.File, error) {
	if f.Root == "" {
		return os.Open(f.Path)
	}
	if f.tree != nil {
		if opened, err := f.tree.open(f.Path); err == nil {
			return opened, nil
		}
	}
	root, path, err := f.inRoot()
	if err != nil {
		return nil, err
	}
	return os.OpenInRoot(root, path)
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
	switch {
	case errors.Is(err, errOutside):
		return err
	case errors.As(err, &path):
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
		in, err := file.Open()
		if err != nil {
			yield(Item{Source: Source{File: file.Path}, Outcome: Broken, Err: reason(err)})
			return
		}
		defer func() { _ = in.Close() }() // it was only read
		r.Read(file.Path, in)(yield)
	}
}
