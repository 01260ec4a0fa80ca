package server

import (
	"bytes"
	"context"
	"slices"

	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/internal/document"
	"github.com/gabion-security/gabion/internal/metrics"
	"github.com/gabion-security/gabion/internal/policy"
)

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
	reader := &policy.ObjectReader{}
	look := func() {
		all := s.objects.All()
		if slices.EqualFunc(used, all, func(a, b cluster.Object) bool {
			return a.Kind == b.Kind && a.Name == b.Name && a.Generation == b.Generation && bytes.Equal(a.JSON, b.JSON)
		}) {
			return
		}
		used = all
		documents, generations := make([]document.Object, len(all)), map[metrics.Document]int64{}
		for i := range all {
			documents[i] = document.Object{Kind: all[i].Kind, Name: all[i].Name, JSON: all[i].JSON}
			generations[metrics.Document{Kind: all[i].Kind, Name: all[i].Name}] = all[i].Generation
		}
		s.composed.setObjects(reader.Read(documents), generations)
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
