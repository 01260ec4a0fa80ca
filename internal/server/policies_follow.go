package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

// loadPolicies reads the policies to begin with. Nobody goes by them yet.
func (s *server) loadPolicies() error {
	if s.o.PolicyDir == "" {
		return nil
	}
	found, err := readPolicies(os.DirFS(s.o.PolicyDir))
	switch {
	case errors.Is(err, errNoPolicies):
		s.log.Warn("the folder of policies is empty: nobody is kept from weakening namespaces, and nothing is excepted", slog.String("folder", s.o.PolicyDir))
	case err != nil:
		return fmt.Errorf("policies: %s: %w", s.o.PolicyDir, err)
	default:
		s.log.Info("policies", slog.String("folder", s.o.PolicyDir), slog.Int("guards", found.guards.Len()),
			slog.Int("exceptions", len(found.exceptions.All())))
	}
	s.policies = &policyFollower{
		dir: s.o.PolicyDir, read: func() (policies, error) { return readPolicies(os.DirFS(s.o.PolicyDir)) }, wait: sleep,
		use: s.composed.setFolder, reloaded: s.composed.folderRead, log: s.log,
		used: found, last: policyReading{policies: found},
	}
	return nil
}

// usePolicies has requests judged by policies.
func (s *server) usePolicies(p policies) {
	var names []string
	for _, e := range p.exceptions.All() {
		names = append(names, e.Name)
	}
	s.metrics.SetExceptions(names)
	s.metrics.SetUnreadable(p.unread)
	s.controller.SetExceptions(exceptionsOf(p.exceptions, time.Now))
	s.controller.SetPodGuards(podGuardsOf(p, s.o.Target.Excluded(), time.Now))
	var profiles []string
	for _, named := range p.guards.Profiles() {
		profiles = append(profiles, named.Name)
		if p.profiles[named.Name] == nil {
			s.log.Error("there is no such profile, and pods are refused because of that", slog.String("profile", named.Name), slog.String("by", by(named.Guards)))
		}
	}
	s.metrics.SetProfiles(profiles)
	s.fills.Store(p.guards.Fills())
	if o := s.newNamespaces.Load(); o != nil {
		o.Want(p.guards.Fills())
	}
	if p.guards.Len() == 0 {
		s.controller.SetGuards(nil) // as if there were no such thing
		return
	}
	s.controller.SetGuards(guards{p.guards, s.o.Target.Excluded()})
}

// beginPolicies goes by the policies that were loaded.
func (s *server) beginPolicies() {
	if s.policies == nil {
		return
	}
	s.composed.setFolder(s.policies.used)
	s.policies.tellFaults(s.policies.used)
	if len(s.policies.used.faults) > 0 {
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
	read     func() (policies, error)
	wait     func(context.Context, time.Duration)
	use      func(policies)
	reloaded func(success bool)
	log      *slog.Logger

	used  policies
	last  policyReading // that was used or reported
	fault atomic.Pointer[string]
}

// policyReading is what a folder holds, or why it cannot be read.
type policyReading struct {
	policies policies
	fault    string
}

func (r policyReading) equal(other policyReading) bool {
	return r.fault == other.fault && r.policies.text == other.policies.text // faults of exceptions are by the text
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
	defer f.reloaded(next.fault == "" && len(next.policies.faults) == 0) // once they are in use
	f.tellFaults(next.policies)
	exceptions := slog.Int("exceptions", len(next.policies.exceptions.All()))
	if next.fault != "" {
		f.fault.Store(&next.fault)
		f.used.exceptions, f.used.placed = next.policies.exceptions, next.policies.placed
		f.used.faults, f.used.unread = next.policies.faults, next.policies.unread
		f.use(f.used)
		f.log.Error("the new policies cannot be used, the old guards stay", slog.String("folder", f.dir), slog.String("error", next.fault), exceptions)
		return
	}
	f.fault.Store(nil)
	f.used = next.policies
	f.use(f.used)
	f.log.Info("the new policies are in use", slog.String("folder", f.dir), slog.Int("guards", f.used.guards.Len()), exceptions)
}

// tellFaults says which exceptions are none because they cannot be read.
func (f *policyFollower) tellFaults(p policies) {
	for _, fault := range p.faults {
		f.log.Error("exceptions cannot be read and count as none", slog.String("folder", f.dir), slog.String("error", fault))
	}
}

// reading reads the folder. One that has become empty is a fault if there were
// guards: nobody who wants none any more says nothing, and a volume may have been
// lost.
func (f *policyFollower) reading() policyReading {
	found, err := f.read()
	switch {
	case errors.Is(err, errNoPolicies) && f.used.guards.Len() == 0:
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
