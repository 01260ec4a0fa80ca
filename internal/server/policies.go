package server

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/document"
	"github.com/gabion-security/gabion/internal/guard"
)

// policies are what the documents of a folder say.
type policies struct {
	guards guard.Set
	// text is all of the files, by which two readings are told apart.
	text string
}

// documents are the documents of a folder, by their kinds.
type documents struct {
	guards []*guard.Guard
	text   strings.Builder
	files  int
}

var errNoPolicies = errors.New("there is no file in it: for no policies, write one with nothing but a comment")

// readPolicies reads the documents of the group gabion.io in all files of a folder.
// Files that it does not know are faults, for they may be meant to be read; but not
// those with a dot before their name, where a mounted ConfigMap keeps its versions.
// The error is one line; it is errNoPolicies if there is nothing to read.
func readPolicies(folder fs.FS) (policies, error) {
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		if at := new(fs.PathError); errors.As(err, &at) {
			err = at.Err // its path would be "."
		}
		return policies{}, err
	}
	var all documents
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if err := all.readFile(folder, e.Name()); err != nil {
			return policies{}, err
		}
	}
	if all.files == 0 {
		return policies{}, errNoPolicies
	}
	guards, err := guard.NewSet(all.guards, nil)
	if err != nil {
		return policies{}, err
	}
	return policies{guards, all.text.String()}, nil
}

func (d *documents) readFile(folder fs.FS, name string) error {
	if !slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(name)) {
		return fmt.Errorf("%s: its name ends neither in .yaml nor in .yml or .json", name)
	}
	text, err := fs.ReadFile(folder, name)
	if err != nil {
		return err // it names the file
	}
	found, err := document.Read(text)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for _, document := range found {
		if err := d.add(document); err != nil {
			return fmt.Errorf("%s, line %d: %s %q: %w", name, document.Line, document.Kind, document.Name, err)
		}
	}
	d.files++
	fmt.Fprintf(&d.text, "%s\x00%s\x00", name, text)
	return nil
}

// add compiles a document of a kind that this program goes by.
func (d *documents) add(found document.Document) error {
	switch {
	case found.Is(v1alpha1.KindPodSecurityGuard):
		g, err := guard.Of(found)
		d.guards = append(d.guards, g)
		return err
	default:
		return fmt.Errorf("it is none of the kinds that are read here: %s of %s", v1alpha1.KindPodSecurityGuard, v1alpha1.GroupVersion())
	}
}
