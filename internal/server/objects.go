package server

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/internal/document"
	"github.com/gabion-security/gabion/internal/exception"
	"github.com/gabion-security/gabion/internal/guard"
	"github.com/gabion-security/gabion/internal/metrics"
	"github.com/gabion-security/gabion/internal/profile"
)

// inObject is where an exception stands that is an object.
const inObject = "an object of the cluster"

// objectPolicies are what the documents say that are objects of a cluster.
type objectPolicies struct {
	guards     []*guard.Guard
	profiles   map[string]*profile.Profile
	exceptions []placedException
	// faults say in a line each which guards and profiles cannot be read, of which
	// the last that could be counts; and exceptionFaults the same of exceptions,
	// which are none.
	faults, exceptionFaults []string
	// unread are all of these, and standings says how each object stands.
	unread    []metrics.Document
	standings standings
}

// objectReader reads objects, and remembers guards and profiles that could be read.
type objectReader struct {
	guards   map[string]*guard.Guard
	profiles map[string]*profile.Profile
}

// read compiles all objects that there are, by kinds and names. What is not among
// them is forgotten.
func (r *objectReader) read(all []cluster.Object) objectPolicies {
	guards, profiles := map[string]*guard.Guard{}, map[string]*profile.Profile{}
	found := objectPolicies{standings: standings{}}
	for _, o := range all {
		d, err := document.Of(o.JSON)
		var ends time.Time
		switch o.Kind {
		case v1alpha1.KindPodSecurityGuard:
			err = compile(guards, r.guards, o.Name, d, err, guard.Of)
			if g := guards[o.Name]; g != nil {
				found.guards = append(found.guards, g)
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
				found.exceptions = append(found.exceptions, placedException{e, inObject})
			}
		}
		at := metrics.Document{Kind: o.Kind, Name: o.Name}
		found.standings[at] = standingOf(o.Kind, err, ends)
		if err != nil {
			found.unread = append(found.unread, at)
		}
		switch fault := fmt.Sprintf("%s %s: %v", o.Kind, o.Name, err); {
		case err == nil:
		case o.Kind == v1alpha1.KindPodSecurityException:
			found.exceptionFaults = append(found.exceptionFaults, fault)
		default:
			found.faults = append(found.faults, fault)
		}
	}
	r.guards, r.profiles = guards, profiles
	found.profiles = profiles
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

// mayHavePolicies reports whether there may be documents of the group gabion.io at
// some time: what they look at is kept from the beginning.
func (s *server) mayHavePolicies() bool { return s.o.PolicyDir != "" || !s.o.NoPolicyObjects }

// beginObjects goes by the documents that are objects as soon as they are known, and
// from then on by what becomes of them. Nobody is answered before.
func (s *server) beginObjects(ctx, serving context.Context) error {
	if s.objects == nil {
		return nil
	}
	s.run(func() error { s.objects.Run(serving); return nil })
	for !s.objects.Begun() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.objects.Changed():
		}
	}
	var used []cluster.Object
	reader := &objectReader{}
	look := func() {
		all := s.objects.All()
		if slices.EqualFunc(used, all, func(a, b cluster.Object) bool {
			return a.Kind == b.Kind && a.Name == b.Name && bytes.Equal(a.JSON, b.JSON)
		}) {
			return
		}
		used = all
		s.composed.setObjects(reader.read(all))
	}
	look()
	s.run(func() error {
		for serving.Err() == nil {
			select {
			case <-serving.Done():
			case <-s.objects.Changed():
				look()
			}
		}
		return nil
	})
	return nil
}

// objectsUnready says what is not known of guards and profiles that are objects.
func (s *server) objectsUnready() []string {
	if s.objects == nil {
		return nil
	}
	return append(s.objects.Unready(), s.composed.notReady()...)
}
