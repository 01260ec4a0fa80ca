package baseline

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/document"
)

// Kind is the kind of the document.
const Kind = "CheckBaseline"

// Object names an object by what stays when its file, its line or the version of
// its kind change. Objects that are named alike are counted.
type Object struct {
	Group     string `json:"group,omitempty"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	// Name is empty for an object without one, and what the name is generated
	// from for one whose name is.
	Name string `json:"name,omitempty"`
}

// Finding is one place of an object that fails a control.
type Finding struct {
	Control string `json:"control"`
	// Path leads to the place by names: of containers and volumes, never by their
	// place in a list.
	Path string `json:"path"`
	// Value is what was found: nil, a boolean, an integer, a string or a list of
	// strings. Another value is another finding.
	Value any `json:"value,omitempty"`
}

// Entry is a finding of an object.
type Entry struct {
	Object  Object
	Finding Finding
}

// Baseline is a number of findings that are known. The zero Baseline knows none.
type Baseline struct {
	entries map[key]counted
}

// counted is an entry, and how often there is one like it.
type counted struct {
	Entry

	n int
}

// key is what a finding is known by.
type key struct {
	Object

	control, path, value string
}

func (e Entry) key() key {
	value, err := json.Marshal(e.Finding.Value)
	if err != nil {
		value = []byte(err.Error()) // no such value is in a file
	}
	return key{e.Object, e.Finding.Control, e.Finding.Path, string(value)}
}

// Len is how many findings are known.
func (b *Baseline) Len() int {
	n := 0
	for _, c := range b.entries {
		n += c.n
	}
	return n
}

func (b *Baseline) add(e Entry, n int) {
	if b.entries == nil {
		b.entries = map[key]counted{}
	}
	k := e.key()
	b.entries[k] = counted{e, b.entries[k].n + n}
}

// file is the document.
type file struct {
	metav1.TypeMeta `json:",inline"`

	Objects []fileObject `json:"objects"`
}

type fileObject struct {
	Object `json:",inline"`

	Findings []fileFinding `json:"findings"`
}

type fileFinding struct {
	Finding `json:",inline"`

	// Count is left out if it is 1.
	Count *int `json:"count,omitempty"`
}

// Read reads a baseline. What is none, or cannot be read to its end, is an error:
// it is never a baseline that knows more than it says, and none that knows less.
func Read(text []byte) (*Baseline, error) {
	documents, err := document.Read(text)
	switch {
	case err != nil:
		return nil, err
	case len(documents) == 0:
		return nil, errors.New("nothing is in it: --write-baseline writes one")
	case len(documents) != 1:
		return nil, fmt.Errorf("a baseline is one document, and here are %d", len(documents))
	}
	d := documents[0]
	if !d.Is(Kind) {
		if group, _, _ := strings.Cut(d.APIVersion, "/"); group == v1alpha1.GroupVersion().Group && d.Kind == Kind {
			return nil, fmt.Errorf("apiVersion %q is not known here: it was written by another version of gabion", d.APIVersion)
		}
		return nil, fmt.Errorf("apiVersion %q and kind %q are no baseline, which is %s and %s",
			d.APIVersion, d.Kind, v1alpha1.GroupVersion(), Kind)
	}
	var f file
	if err := d.DecodeFields(&f); err != nil {
		return nil, err
	}
	b := new(Baseline)
	for i, o := range f.Objects {
		if o.Kind == "" || len(o.Findings) == 0 {
			return nil, fmt.Errorf("objects[%d] has no kind or no findings", i)
		}
		for j, finding := range o.Findings {
			n := 1
			if finding.Count != nil {
				n = *finding.Count
			}
			if finding.Control == "" || finding.Path == "" || n < 1 {
				return nil, fmt.Errorf("objects[%d].findings[%d] needs a control, a path and, if one is there, a count above 0", i, j)
			}
			b.add(Entry{o.Object, finding.Finding}, n)
		}
	}
	return b, nil
}

// sorted returns the entries by namespace, kind and name, then by what is found.
func (b *Baseline) sorted() []counted {
	rows := slices.Collect(maps.Values(b.entries))
	slices.SortFunc(rows, func(x, y counted) int {
		return cmp.Or(
			strings.Compare(x.Object.Namespace, y.Object.Namespace), strings.Compare(x.Object.Kind, y.Object.Kind),
			strings.Compare(x.Object.Group, y.Object.Group), strings.Compare(x.Object.Name, y.Object.Name),
			strings.Compare(x.Finding.Path, y.Finding.Path), strings.Compare(x.Finding.Control, y.Finding.Control),
			strings.Compare(x.key().value, y.key().value),
		)
	})
	return rows
}
