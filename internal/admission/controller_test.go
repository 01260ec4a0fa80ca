package admission

import (
	"strings"
	"sync"
	"testing"

	"github.com/gabion-security/gabion/pss"
)

func TestNewDemandsWhatItNeeds(t *testing.T) {
	t.Parallel()
	w := newWorld()
	bad := DefaultConfig()
	bad.Defaults.Audit.Version = 0
	tests := []struct {
		name, want string
		o          Options
	}{
		{"no namespaces", "Namespaces required", Options{Config: DefaultConfig(), Pods: w}},
		{"no pods", "Pods required", Options{Config: DefaultConfig(), Namespaces: w}},
		{"no configuration", "configuration required", Options{Namespaces: w, Pods: w}},
		{"a configuration with a policy that is none", "configuration required", Options{Config: bad, Namespaces: w, Pods: w}},
		{"enough", "", Options{Config: DefaultConfig(), Namespaces: w, Pods: w}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := New(tt.o)
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("error is %v, want %s", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := c.Decide(t.Context(), pod(Create, "restricted", hostPod)); d.Allowed {
				t.Error("without a recorder, a bad pod is allowed")
			}
		})
	}
}

func TestABadConfigurationKeepsTheOldOne(t *testing.T) {
	t.Parallel()
	c := newWorld().controller(t)
	if err := c.SetConfig(Config{}); err == nil {
		t.Error("the zero Config is taken")
	}
	if d := c.Decide(t.Context(), pod(Create, "exempt", hostPod)); !d.Allowed {
		t.Error("the old configuration is gone")
	}
}

func TestLatestIsTheEvaluatorsVersion(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.namespaces["probed"] = map[string]string{pss.EnforceLabel: "baseline", pss.AuditLabel: "restricted", pss.AuditVersionLabel: "v1.34"}
	c := w.controller(t)
	const probe = `{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"c","livenessProbe":{"tcpSocket":{"host":"h"}}}]}}`
	for minor, allowed := range map[int]bool{33: true, 34: false} { // hosts of probes matter since 1.34
		c.SetEvaluator(pss.Evaluator{Kubernetes: pss.V1(minor)})
		if d := c.Decide(t.Context(), pod(Create, "probed", probe)); d.Allowed != allowed {
			t.Errorf("on 1.%d the pod is allowed: %t", minor, d.Allowed)
		}
		future := strings.Contains(strings.Join(w.events, "\n"), "deny audit restricted:future")
		if future != (minor < 34) {
			t.Errorf("on 1.%d v1.34 is counted as future: %t: %q", minor, future, w.events)
		}
		w.events = nil
	}
}

// Each request sees one configuration from beginning to end: a namespace is
// exempt, or else the policy for it is the other configuration's.
func TestReplacementsAreAtomic(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.controller(t)
	c.recorder = silence{}
	restricted := pss.LevelVersion{Level: pss.Restricted, Version: pss.Latest}
	lax := Config{Defaults: pss.DefaultPolicy(), Exemptions: NewExemptions(nil, []string{"default"}, nil)}
	strict := Config{Defaults: pss.Policy{Enforce: restricted, Audit: restricted, Warn: restricted}}

	stop := make(chan struct{})
	var background sync.WaitGroup
	background.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			next := lax
			if i%2 == 0 {
				next = strict
			}
			if err := c.SetConfig(next); err != nil {
				t.Error(err)
			}
			c.SetEvaluator(pss.Evaluator{Kubernetes: pss.V1(30 + i%8)})
		}
	})
	if err := c.SetConfig(strict); err != nil {
		t.Fatal(err)
	}
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for range 2000 {
				d := c.Decide(t.Context(), pod(Create, "default", hostPod))
				exempt := d.Allowed && d.Annotations[0] == Annotation{"exempt", "namespace"}
				if !exempt && d.Code != 403 {
					t.Errorf("neither exempt nor refused: %+v", d)
					return
				}
				// A decision is the caller's own.
				d.Annotations[0] = Annotation{"changed", "changed"}
			}
		})
	}
	clients.Wait()
	close(stop)
	background.Wait()
}

func TestDecisionsShareNothing(t *testing.T) {
	t.Parallel()
	c := newWorld().controller(t)
	for _, r := range []Request{
		pod(Create, "default", ""), pod(Create, "exempt", ""), pod(Create, "gone", "", by("root")), pod(Create, "restricted", kataPod),
		pod(Create, "restricted", hostPod), job("restricted", hostJob),
	} {
		first := c.Decide(t.Context(), r)
		want := first.Annotations[0]
		first.Annotations[0] = Annotation{"changed", "changed"}
		if got := c.Decide(t.Context(), r).Annotations[0]; got != want {
			t.Errorf("annotation is %v, want %v", got, want)
		}
	}
}
