package policy

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/document"
	"github.com/gabion-security/gabion/internal/exception"
	"github.com/gabion-security/gabion/internal/guard"
	"github.com/gabion-security/gabion/internal/profile"
)

// Set is what documents say: those of a folder, or those and a cluster's.
type Set struct {
	Guards guard.Set
	// Each are the guards, and Placed the exceptions, also of those that share names.
	Each   []*guard.Guard
	Placed []Placed
	// Profiles are those that guards may name, by their names.
	Profiles map[string]*profile.Profile
	// Exceptions are those of the files of which all can be read; Faults say in one
	// line each why others count as none.
	Exceptions *exception.Set
	Faults     []string
	// Unread are the documents that do not count as they are, of which Taken are
	// those that stand in two places.
	Unread, Taken []document.Ref
	// Text is all of the files, by which two readings are told apart.
	Text string
}

// documents are the documents of a folder, by their kinds.
type documents struct {
	guards     []*guard.Guard
	profiles   map[string]*profile.Profile
	exceptions exceptionDocuments
	text       strings.Builder
	files      int
}

// ErrEmpty is the error of a folder in which there is nothing to read.
var ErrEmpty = errors.New("there is no file in it: for no policies, write one with nothing but a comment")

// ReadFolder reads the documents of the group gabion.io in all files of a folder.
// Files that it does not know are faults, for they may be meant to be read; but not
// those with a dot before their name, where a mounted ConfigMap keeps its versions.
// The error is one line; it is ErrEmpty if there is nothing to read. The
// guards are not known then, but the exceptions are.
func ReadFolder(folder fs.FS) (Set, error) {
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		if at := new(fs.PathError); errors.As(err, &at) {
			err = at.Err // its path would be "."
		}
		return Set{}, err
	}
	all := documents{profiles: map[string]*profile.Profile{}}
	var fault error
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if err := all.readFile(folder, e.Name()); err != nil && fault == nil {
			fault = err
		}
	}
	if fault == nil && all.files == 0 {
		fault = ErrEmpty
	}
	found := Set{Text: all.text.String(), Placed: all.exceptions.all}
	found.Exceptions, found.Faults = all.exceptions.set()
	for _, name := range all.exceptions.unread {
		found.Unread = append(found.Unread, document.Ref{Kind: v1alpha1.KindPodSecurityException, Name: name})
	}
	if fault == nil {
		found.Profiles, found.Each = all.profiles, all.guards
		found.Guards, fault = guard.NewSet(all.guards, nil)
	}
	return found, fault
}

func (d *documents) readFile(folder fs.FS, name string) error {
	if !slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(name)) {
		return fmt.Errorf("%s: its name ends neither in .yaml nor in .yml or .json", name)
	}
	text, err := fs.ReadFile(folder, name)
	if err != nil {
		return err // it names the file
	}
	d.files++
	fmt.Fprintf(&d.text, "%s\x00%s\x00", name, text)
	found, err := document.Read(text)
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
		if exceptionsOnly(text) {
			d.exceptions.fault(name, err)
			return nil
		}
		return err
	}
	var exceptions []Placed
	sound := true
	for _, document := range found {
		e, err := d.add(document)
		if err != nil {
			err = fmt.Errorf("%s, line %d: %s %q: %w", name, document.Line, document.Kind, document.Name, err)
			if document.Kind != v1alpha1.KindPodSecurityException {
				return err
			}
			d.exceptions.fault(cmp.Or(document.Name, name), err)
			sound = false
		}
		if e != nil {
			exceptions = append(exceptions, Placed{e, name, document.Line})
		}
	}
	if sound {
		d.exceptions.all = append(d.exceptions.all, exceptions...)
	}
	return nil
}

// add compiles a document of a kind that this program goes by. An exception is
// returned, for it counts only if all of its file does.
func (d *documents) add(found document.Document) (*exception.Exception, error) {
	switch {
	case found.Is(v1alpha1.KindPodSecurityGuard):
		g, err := guard.Of(found)
		d.guards = append(d.guards, g)
		return nil, err
	case found.Is(v1alpha1.KindPodSecurityProfile):
		p, err := profile.Of(found)
		if err != nil {
			return nil, err
		}
		if d.profiles[p.Name()] != nil {
			return nil, errors.New("another profile has the same name")
		}
		d.profiles[p.Name()] = p
		return nil, nil //nolint:nilnil // it is no exception
	case found.Kind == v1alpha1.KindPodSecurityException:
		return exception.Of(found, profile.IDs())
	default:
		return nil, fmt.Errorf("it is none of the kinds that are read here: %s, %s and %s of %s",
			v1alpha1.KindPodSecurityGuard, v1alpha1.KindPodSecurityProfile, v1alpha1.KindPodSecurityException, v1alpha1.GroupVersion())
	}
}
