package kustomize

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

const (
	// maxFile is how large a file may be that kustomize reads whole.
	maxFile = 64 << 20
	// fetched is how directories begin that kustomize fetches repositories into.
	fetched = "kustomize-"
)

// treeOf is what a kustomization may read: the repository that it is in; without
// one, the current directory if it is below that, else its own directory.
func treeOf(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		return "", err
	}
	for up := abs; ; up = filepath.Dir(up) {
		if _, err := os.Lstat(filepath.Join(up, ".git")); err == nil {
			return up, nil
		}
		if up == filepath.Dir(up) {
			break
		}
	}
	current, err := filepath.Abs(".")
	if err != nil {
		return "", err
	}
	if current, err = filepath.EvalSymlinks(current); err == nil && within(abs, current) {
		return current, nil
	}
	return abs, nil
}

// within reports whether a path is a directory, or below it.
func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// confined is the file system that kustomize sees: a tree, and only to read.
type confined struct {
	tree, dir    string
	remote, exec bool

	// refused is the first thing that a kustomization is not allowed. Kustomize
	// takes some errors for files that are not there.
	refused *Fault
	// read says that the kustomization that is built was read, and ownMetadata
	// that it asks for origins itself.
	read, ownMetadata bool
}

var errReadOnly = errors.New("nothing is written here")

// resolve follows links, and refuses what is outside.
func (c *confined) resolve(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	target, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return "", fmt.Errorf("evalsymlink failure on '%s' : %w", path, err)
	}
	if within(target, c.tree) || c.isFetched(target) {
		if inGit(target, c.tree) {
			return "", c.refuse(fmt.Errorf("it refers to %s: nothing in .git is read", c.shown(abs)))
		}
		return target, nil
	}
	return "", c.refuse(fmt.Errorf("it refers to %s, which is outside of %s: not read", path, c.tree))
}

// inGit reports whether a path leads into a directory .git of the tree: what stands
// there, such as credentials, is not for those who wrote the kustomization.
func inGit(path, tree string) bool {
	rel, err := filepath.Rel(tree, path)
	if err != nil {
		return true
	}
	return slices.ContainsFunc(strings.Split(filepath.ToSlash(rel), "/"), func(name string) bool { return strings.EqualFold(name, ".git") })
}

// isFetched reports whether a path is in a repository that was fetched, which has
// been allowed.
func (c *confined) isFetched(path string) bool {
	temp, err := filepath.EvalSymlinks(os.TempDir())
	if err != nil || !c.remote {
		return false
	}
	rel, err := filepath.Rel(temp, path)
	return err == nil && strings.HasPrefix(rel, fetched)
}

// refuse remembers the first refusal.
func (c *confined) refuse(err error) error {
	if c.refused == nil {
		own, _ := File(c.dir)
		c.refused = &Fault{Path: own, Err: err}
	}
	return err
}

// ReadFile reads a file of the tree. What a kustomization refers to is looked at
// before kustomize does.
func (c *confined) ReadFile(path string) ([]byte, error) {
	target, err := c.resolve(path)
	if err != nil {
		return nil, err
	}
	root := c.tree
	if c.isFetched(target) && !within(target, c.tree) {
		root = filepath.Dir(target)
	}
	name, err := filepath.Rel(root, target)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(target)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file", path)
	case info.Size() > maxFile:
		return nil, c.refuse(fmt.Errorf("it refers to %s, which is larger than %d MiB", path, maxFile>>20))
	}
	in, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	defer in.Close() //nolint:errcheck // it was only read
	text, err := in.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return c.look(path, text)
}

// look refuses what is not allowed in a file.
func (c *confined) look(path string, text []byte) ([]byte, error) {
	if !slices.Contains(konfig.RecognizedKustomizationFileNames(), filepath.Base(path)) {
		if err := c.plugins(text); err != nil {
			return nil, c.refuse(fmt.Errorf("%s: %w", filepath.Base(path), err))
		}
		return text, nil
	}
	first := !c.read
	c.read = true
	made, own, err := c.kustomization(text, filepath.Dir(path), first)
	if err != nil {
		if c.refused == nil {
			c.refused = &Fault{Path: c.shown(path), Err: err}
		}
		return nil, err
	}
	if first {
		c.ownMetadata = own
	}
	return made, nil
}

// shown is a path from the directory as it was given.
func (c *confined) shown(path string) string {
	abs, err := filepath.Abs(c.dir)
	if err != nil {
		return path
	}
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		return path
	}
	rel, err := filepath.Rel(abs, path)
	if err != nil {
		return path
	}
	return filepath.Join(c.dir, rel)
}

// CleanedAbs returns the directory of a path and the file, empty for a directory.
func (c *confined) CleanedAbs(path string) (filesys.ConfirmedDir, string, error) {
	target, err := c.resolve(path)
	if err != nil {
		return "", "", err
	}
	info, err := os.Stat(target)
	if err != nil {
		return "", "", err
	}
	if info.IsDir() {
		return filesys.ConfirmedDir(target), "", nil
	}
	return filesys.ConfirmedDir(filepath.Dir(target)), filepath.Base(target), nil
}

// IsDir reports whether a path is a directory of the tree.
func (c *confined) IsDir(path string) bool {
	target, err := c.resolve(path)
	if err != nil {
		return false
	}
	info, err := os.Stat(target)
	return err == nil && info.IsDir()
}

// Exists reports whether something is in the tree.
func (c *confined) Exists(path string) bool {
	_, err := c.resolve(path)
	return err == nil
}

// ReadDir lists a directory of the tree.
func (c *confined) ReadDir(path string) ([]string, error) {
	target, err := c.resolve(path)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(target)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, err
}

// Glob finds files of the tree.
func (c *confined) Glob(pattern string) ([]string, error) {
	abs, err := filepath.Abs(pattern)
	if err != nil {
		return nil, err
	}
	if !within(filepath.Clean(abs), c.tree) {
		return nil, c.refuse(fmt.Errorf("it refers to %s, which is outside of %s: not read", pattern, c.tree))
	}
	found, err := filepath.Glob(pattern)
	return slices.DeleteFunc(found, func(path string) bool {
		hidden := strings.HasPrefix(filepath.Base(path), ".") && !strings.HasPrefix(filepath.Base(pattern), ".")
		return hidden || !c.Exists(path)
	}), err
}

// Walk walks the tree.
func (c *confined) Walk(path string, walk filepath.WalkFunc) error {
	target, err := c.resolve(path)
	if err != nil {
		return err
	}
	return filepath.Walk(target, walk)
}

// Open is refused: kustomize reads files whole.
func (c *confined) Open(string) (filesys.File, error) { return nil, errReadOnly }

// Create is refused.
func (c *confined) Create(string) (filesys.File, error) { return nil, errReadOnly }

// Mkdir is refused.
func (c *confined) Mkdir(string) error { return errReadOnly }

// MkdirAll is refused.
func (c *confined) MkdirAll(string) error { return errReadOnly }

// WriteFile is refused.
func (c *confined) WriteFile(string, []byte) error { return errReadOnly }

// RemoveAll removes repositories that were fetched, and nothing else.
func (c *confined) RemoveAll(path string) error {
	if c.isFetched(path) {
		return os.RemoveAll(path)
	}
	return errReadOnly
}
