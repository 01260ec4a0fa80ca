package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/policy"
)

// loadPolicies reads the policies to begin with. Nobody goes by them yet.
func (s *server) loadPolicies() error {
	if s.o.PolicyDir == "" {
		return nil
	}
	found, err := policy.ReadFolder(os.DirFS(s.o.PolicyDir))
	switch {
	case errors.Is(err, policy.ErrEmpty):
		s.log.Warn("the folder of policies is empty: nobody is kept from weakening namespaces, and nothing is excepted", slog.String("folder", s.o.PolicyDir))
	case err != nil:
		return fmt.Errorf("policies: %s: %w", s.o.PolicyDir, err)
	default:
		s.log.Info("policies", slog.String("folder", s.o.PolicyDir), slog.Int("guards", found.Guards.Len()),
			slog.Int("exceptions", len(found.Exceptions.All())))
	}
	s.policies = &policyFollower{
		dir: s.o.PolicyDir, read: func() (policy.Set, error) { return policy.ReadFolder(os.DirFS(s.o.PolicyDir)) }, wait: sleep,
		use: s.composed.setFolder, reloaded: s.composed.folderRead, log: s.log,
		used: found, last: policyReading{policies: found},
	}
	return nil
}

// usePolicies has requests judged by policies.
func (s *server) usePolicies(p policy.Set) {
	var names []string
	for _, e := range p.Exceptions.All() {
		names = append(names, e.Name)
	}
	s.metrics.SetExceptions(names)
	s.metrics.SetUnreadable(p.Unread)
	s.builtin.use(p.Exceptions)
	var profiles []string
	for _, named := range p.Guards.Profiles() {
		profiles = append(profiles, named.Name)
		if p.Profiles[named.Name] == nil {
			s.log.Error("there is no such profile, and pods are refused because of that", slog.String("profile", named.Name), slog.String("by", policy.By(named.Guards)))
		}
	}
	s.metrics.SetProfiles(profiles)
	s.fills.Store(p.Guards.Fills())
	if o := s.newNamespaces.Load(); o != nil {
		o.Want(p.Guards.Fills())
	}
	excluded := s.o.Target.Excluded()
	s.controller.SetPolicies(admission.Policies{
		Exceptions: policy.Excepts(p.Exceptions, time.Now), PodGuards: p.PodGuards(excluded, time.Now), Guards: p.Changes(excluded),
	})
}

// beginPolicies goes by the policies that were loaded.
func (s *server) beginPolicies() {
	if s.policies == nil {
		return
	}
	s.composed.setFolder(s.policies.used)
	s.policies.tellFaults(s.policies.used)
	if len(s.policies.used.Faults) > 0 {
		s.composed.folderRead(false)
	}
}

// followPolicies replaces the policies when the files in their folder change.
func (s *server) followPolicies(ctx context.Context) {
	if s.policies == nil {
		return
	}
	for sleep(ctx, configurationInterval); ctx.Err() == nil; sleep(ctx, configurationInterval) {
		s.policies.look(ctx)
	}
}

// policyFollower is how far following has come.
type policyFollower struct {
	dir      string
	read     func() (policy.Set, error)
	wait     func(context.Context, time.Duration)
	use      func(policy.Set)
	reloaded func(success bool)
	log      *slog.Logger

	used  policy.Set
	last  policyReading // that was used or reported
	fault atomic.Pointer[string]
}

// policyReading is what a folder holds, or why it cannot be read.
type policyReading struct {
	policies policy.Set
	fault    string
}

func (r policyReading) equal(other policyReading) bool {
	return r.fault == other.fault && r.policies.Text == other.policies.Text // faults of exceptions are by the text
}

// look reads once. Guards that cannot be used are reported once, and the old ones
// stay. Exceptions that cannot be used are none.
func (f *policyFollower) look(ctx context.Context) {
	next := f.reading()
	if next.equal(f.last) {
		return
	}
	f.wait(ctx, configurationSettles)
	if ctx.Err() != nil || !next.equal(f.reading()) {
		return // it is read again soon
	}
	f.last = next
	defer f.reloaded(next.fault == "" && len(next.policies.Faults) == 0) // once they are in use
	f.tellFaults(next.policies)
	exceptions := slog.Int("exceptions", len(next.policies.Exceptions.All()))
	if next.fault != "" {
		f.fault.Store(&next.fault)
		f.used.Exceptions, f.used.Placed = next.policies.Exceptions, next.policies.Placed
		f.used.Faults, f.used.Unread = next.policies.Faults, next.policies.Unread
		f.use(f.used)
		f.log.Error("the new policies cannot be used, the old guards stay", slog.String("folder", f.dir), slog.String("error", next.fault), exceptions)
		return
	}
	f.fault.Store(nil)
	f.used = next.policies
	f.use(f.used)
	f.log.Info("the new policies are in use", slog.String("folder", f.dir), slog.Int("guards", f.used.Guards.Len()), exceptions)
}

// tellFaults says which exceptions are none because they cannot be read.
func (f *policyFollower) tellFaults(p policy.Set) {
	for _, fault := range p.Faults {
		f.log.Error("exceptions cannot be read and count as none", slog.String("folder", f.dir), slog.String("error", fault))
	}
}

// reading reads the folder. One that has become empty is a fault if there were
// guards: nobody who wants none any more says nothing, and a volume may have been
// lost.
func (f *policyFollower) reading() policyReading {
	found, err := f.read()
	switch {
	case errors.Is(err, policy.ErrEmpty) && f.used.Guards.Len() == 0:
		return policyReading{}
	case err != nil:
		return policyReading{policies: found, fault: err.Error()}
	}
	return policyReading{policies: found}
}

// notReady says what is wrong with the policies; empty if nothing is.
func (f *policyFollower) notReady() string {
	if f == nil {
		return ""
	}
	if fault := f.fault.Load(); fault != nil {
		return "the policies cannot be read, older ones are in use: " + *fault
	}
	return ""
}
