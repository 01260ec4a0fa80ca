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
	if errors.Is(err, errNoPolicies) {
		s.log.Warn("the folder of policies is empty: nobody is kept from weakening namespaces", slog.String("folder", s.o.PolicyDir))
	} else if err != nil {
		return fmt.Errorf("policies: %s: %w", s.o.PolicyDir, err)
	}
	s.policies = &policyFollower{
		dir: s.o.PolicyDir, read: func() (policies, error) { return readPolicies(os.DirFS(s.o.PolicyDir)) }, wait: sleep,
		use: s.usePolicies, reloaded: func(ok bool) { s.metrics.RecordPolicyReload(ok) }, log: s.log,
		used: found, last: policyReading{policies: found},
	}
	return nil
}

func (s *server) usePolicies(p policies) {
	if p.guards.Len() == 0 {
		s.controller.SetGuards(nil) // as if there were no such thing
		return
	}
	s.controller.SetGuards(guards{p.guards})
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
	return r.fault == other.fault && r.policies.text == other.policies.text
}

// look reads once. Policies that cannot be used are reported once, and the old ones
// stay.
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
	f.reloaded(next.fault == "")
	if next.fault != "" {
		f.fault.Store(&next.fault)
		f.log.Error("the new policies cannot be used, the old ones stay", slog.String("folder", f.dir), slog.String("error", next.fault))
		return
	}
	f.fault.Store(nil)
	f.used = next.policies
	f.use(f.used)
	f.log.Info("the new policies are in use", slog.String("folder", f.dir), slog.Int("guards", f.used.guards.Len()))
}

// reading reads the folder. One that has become empty is a fault: nobody who wants
// no policies any more says nothing, and a volume may have been lost.
func (f *policyFollower) reading() policyReading {
	found, err := f.read()
	switch {
	case errors.Is(err, errNoPolicies) && f.used.guards.Len() == 0:
		return policyReading{}
	case err != nil:
		return policyReading{fault: err.Error()}
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
