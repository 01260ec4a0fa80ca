// Package kustomize builds kustomizations with kustomize's own packages, as
// kustomize build does, but for a stranger's: nothing is fetched and nothing is
// run unless that is allowed, and nothing is read outside the tree that the
// kustomization belongs to. What is built knows the file that it came from.
package kustomize

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/api/types"

	"github.com/gabion-security/gabion/internal/limit"
)

// Options say what a kustomization may do.
type Options struct {
	// AllowRemote lets it refer to URLs and repositories, which are fetched, and
	// AllowExec to generators and transformers that are programs, which are run,
	// Helm among them.
	AllowRemote, AllowExec bool
	// Limits bound what the build may take.
	Limits limit.Limits
}

// Text is one object that was built.
type Text struct {
	// Path is the file that the object was read from, or the kustomization that
	// makes it, as far as that is a local file; else the kustomization that was
	// built.
	Path string
	// Made says that the kustomization itself made the object: it stands in no
	// file.
	Made     bool
	Rendered []byte
}

// Fault is what is wrong with a kustomization.
type Fault struct {
	Path string
	Err  error
}

// Error says in one line what is wrong, without the place.
func (f *Fault) Error() string { return f.Err.Error() }

// Unwrap returns the reason.
func (f *Fault) Unwrap() error { return f.Err }

// File returns the kustomization file of a directory, and false if there is
// none.
func File(dir string) (string, bool) {
	for _, name := range konfig.RecognizedKustomizationFileNames() {
		path := filepath.Join(dir, name)
		if info, err := os.Lstat(path); err == nil && !info.IsDir() {
			return path, true
		}
	}
	return "", false
}

// Build builds the kustomization in a directory into its objects, in the order of
// kustomize build. Its error is a [Fault].
func Build(dir string, o Options) ([]Text, error) {
	own, ok := File(dir)
	if !ok {
		return nil, &Fault{Path: dir, Err: missing(dir)}
	}
	tree, err := treeOf(dir)
	if err != nil {
		return nil, &Fault{Path: own, Err: err}
	}
	files := &confined{tree: tree, dir: dir, remote: o.AllowRemote, exec: o.AllowExec}
	var texts []Text
	err = o.Limits.Do(func(context.Context) error {
		made, err := build(dir, own, files, o)
		if err == nil {
			texts = made
		}
		return err
	})
	switch {
	case err == nil:
		return texts, nil
	case limit.Exceeded(err):
		return nil, &Fault{Path: own, Err: err}
	case files.refused != nil: // kustomize may have gone on without the file
		return nil, files.refused
	}
	if fault := files.blame(); fault != nil {
		return nil, fault
	}
	return nil, &Fault{Path: own, Err: files.plain(err)}
}

func missing(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return errors.New("the directory does not exist")
	case err == nil && !info.IsDir():
		return errors.New("it is no directory: name the one that holds the kustomization.yaml")
	}
	return errors.New("no kustomization.yaml here")
}

func build(dir, own string, files *confined, o Options) ([]Text, error) {
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionUnspecified
	if o.AllowExec {
		options.PluginConfig = types.EnabledPluginConfig(types.BploUseStaticallyLinked)
		options.PluginConfig.HelmConfig.Command = "helm"
		options.PluginConfig.FnpLoadingOptions.EnableExec = true
		options.PluginConfig.FnpLoadingOptions.Network = o.AllowRemote
	}
	built, err := krusty.MakeKustomizer(options).Run(files, dir)
	if err != nil {
		return nil, err
	}
	if files.refused != nil {
		return nil, files.refused
	}
	var texts []Text
	for _, res := range built.Resources() {
		text, err := textOf(res, dir, own, files.ownMetadata)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

// textOf takes an object, without what was added to find its origin.
func textOf(res *resource.Resource, dir, own string, keep bool) (Text, error) {
	t := Text{Path: own, Made: true}
	origin, err := res.GetOrigin()
	switch {
	case err != nil || origin == nil || origin.Repo != "":
	case origin.Path != "":
		t.Path, t.Made = filepath.Join(dir, origin.Path), false
	case origin.ConfiguredIn != "":
		t.Path = filepath.Join(dir, origin.ConfiguredIn)
	}
	if !keep {
		if err := res.SetOrigin(nil); err != nil {
			return t, err
		}
	}
	t.Rendered, err = res.AsYAML()
	return t, err
}

var (
	space  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\s+`) })
	inTree = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`/[^\s'":]+`) })
	nested = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:accumulating (?:resources|components): )+`)
	})
)

// plain makes one line of an error of kustomize's, with paths as people gave
// them.
func (c *confined) plain(err error) error {
	text := nested().ReplaceAllString(space().ReplaceAllString(err.Error(), " "), "")
	const missing = "evalsymlink failure on '"
	if at := strings.LastIndex(text, missing); at >= 0 {
		if name, _, ok := strings.Cut(text[at+len(missing):], "'"); ok {
			return fmt.Errorf("it refers to %s, which does not exist", c.shown(name))
		}
	}
	text = inTree().ReplaceAllStringFunc(text, func(path string) string {
		if within(path, c.tree) {
			return c.shown(path)
		}
		return path
	})
	return errors.New("it cannot be built: " + text)
}
