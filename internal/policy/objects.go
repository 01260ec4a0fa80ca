package policy

import (
	"fmt"
	"time"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/document"
	"github.com/gabion-security/gabion/internal/exception"
	"github.com/gabion-security/gabion/internal/guard"
	"github.com/gabion-security/gabion/internal/profile"
)

// InObject is where an exception stands that is an object.
const InObject = "an object of the cluster"

// Objects are what the documents say that are objects of a cluster.
type Objects struct {
	Guards     []*guard.Guard
	Profiles   map[string]*profile.Profile
	Exceptions []Placed
	// Faults say in a line each which guards and profiles cannot be read, of which
	// the last that could be counts; and ExceptionFaults the same of exceptions,
	// which are none.
	Faults, ExceptionFaults []string
	// Unread are all of these, and Readings say how each object was read.
	Unread   []document.Ref
	Readings map[document.Ref]Reading
}

// Reading says how an object was read.
type Reading struct {
	Err error
	// Ends is when an exception does, zero if it never does.
	Ends time.Time
}

// ObjectReader reads objects, and remembers guards and profiles that could be read.
type ObjectReader struct {
	guards   map[string]*guard.Guard
	profiles map[string]*profile.Profile
}

// Read compiles all objects that there are, by kinds and names. What is not among
// them is forgotten.
func (r *ObjectReader) Read(all []document.Object) Objects {
	guards, profiles := map[string]*guard.Guard{}, map[string]*profile.Profile{}
	found := Objects{Readings: map[document.Ref]Reading{}}
	for _, o := range all {
		d, err := document.Of(o.JSON)
		var ends time.Time
		switch o.Kind {
		case v1alpha1.KindPodSecurityGuard:
			err = compile(guards, r.guards, o.Name, d, err, guard.Of)
			if g := guards[o.Name]; g != nil {
				found.Guards = append(found.Guards, g)
			}
		case v1alpha1.KindPodSecurityProfile:
			err = compile(profiles, r.profiles, o.Name, d, err, profile.Of)
		case v1alpha1.KindPodSecurityException:
			var e *exception.Exception
			if err == nil {
				e, err = exception.Of(d, profile.IDs())
			}
			if err == nil {
				ends, _ = e.Expires()
				found.Exceptions = append(found.Exceptions, Placed{e, InObject, 0})
			}
		}
		at := document.Ref{Kind: o.Kind, Name: o.Name}
		found.Readings[at] = Reading{err, ends}
		if err != nil {
			found.Unread = append(found.Unread, at)
		}
		switch fault := fmt.Sprintf("%s %s: %v", o.Kind, o.Name, err); {
		case err == nil:
		case o.Kind == v1alpha1.KindPodSecurityException:
			found.ExceptionFaults = append(found.ExceptionFaults, fault)
		default:
			found.Faults = append(found.Faults, fault)
		}
	}
	r.guards, r.profiles = guards, profiles
	found.Profiles = profiles
	return found
}

// compile adds what a document says, or what it has said last if that cannot be
// read.
func compile[T any](to, last map[string]*T, name string, d document.Document, err error, of func(document.Document) (*T, error)) error {
	var compiled *T
	if err == nil {
		compiled, err = of(d)
	}
	if err != nil {
		compiled = last[name]
	}
	if compiled != nil {
		to[name] = compiled
	}
	return err
}
