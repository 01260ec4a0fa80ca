package admission

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/pss"
)

var (
	hostPID     = &pss.Pod{HostPID: true}
	hostIPC     = &pss.Pod{HostIPC: true}
	hostVolume  = &pss.Pod{HostPID: true, Volumes: []pss.Volume{{Name: "v", Sources: pss.VolumeHostPath}}}
	harmless    = &pss.Pod{}
	enforcement = `existing pods in namespace "n" violate the new PodSecurity enforce level "baseline:latest"`
)

func relabel() Request {
	return namespaced(Update, "n", `{"pod-security.kubernetes.io/enforce":"baseline"}`, `{}`)
}

func TestSweep(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		pods []ExistingPod
		want []string
	}{
		{"no pods", []ExistingPod{}, nil},
		{"pods that meet the policy", []ExistingPod{{"a", harmless, "", nil}, {"b", harmless, "", nil}}, nil},
		{"one pod that does not", []ExistingPod{{"a", harmless, "", nil}, {"b", hostPID, "", nil}}, []string{enforcement, "b: host namespaces"}},
		{"two of a kind, by the first name", []ExistingPod{{"c", hostPID, "", nil}, {"b", hostIPC, "", nil}}, []string{enforcement, "b (and 1 other pod): host namespaces"}},
		{
			"more of a kind, and another kind", []ExistingPod{{"c", hostPID, "", nil}, {"x", hostIPC, "", nil}, {"b", hostPID, "", nil}, {"a", hostVolume, "", nil}, {"d", hostVolume, "", nil}},
			[]string{enforcement, "a (and 1 other pod): host namespaces, hostPath volumes", "b (and 2 other pods): host namespaces"},
		},
		{"lines are sorted as a whole", []ExistingPod{{"a", hostPID, "", nil}, {"a-b", hostVolume, "", nil}}, []string{enforcement, "a-b: host namespaces, hostPath volumes", "a: host namespaces"}},
		{"an exempt runtime class", []ExistingPod{{"a", hostPID, "kata", nil}, {"b", hostPID, "other", nil}}, []string{enforcement, "b: host namespaces"}},
		{"a name that is not printable", []ExistingPod{{"a\"\n", hostPID, "", nil}}, []string{enforcement, `a\"\n: host namespaces`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.pods["n"] = tt.pods
			d := w.controller(t).Decide(t.Context(), relabel())
			if diff := cmp.Diff(tt.want, d.Warnings); diff != "" || !d.Allowed {
				t.Errorf("allowed=%t, warnings (want -, got +):\n%s", d.Allowed, diff)
			}
			if len(w.events) > 0 {
				t.Errorf("counted %q", w.events)
			}
		})
	}
}

func TestSweepStopsAtTheDeadline(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.pods["n"] = []ExistingPod{{"b", hostPID, "", nil}, {"0", hostIPC, "kata", nil}, {"a", hostIPC, "", nil}, {"c", harmless, "", nil}}
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	d := w.controller(t).Decide(ctx, relabel())
	want := []string{"new PodSecurity enforce level only checked against the first 1 of 3 existing pods", enforcement, "a: host namespaces"}
	if diff := cmp.Diff(want, d.Warnings); diff != "" {
		t.Error(diff)
	}
}

func TestSweepIsCompleteWithinTheDeadline(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for i := range 20_000 {
		own := *hostVolume
		w.pods["n"] = append(w.pods["n"], ExistingPod{fmt.Sprintf("p-%05d", i), &own, "", nil})
	}
	slices.Reverse(w.pods["n"])
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	d := w.controller(t).Decide(ctx, relabel())
	want := []string{enforcement, "p-00000 (and 19999 other pods): host namespaces, hostPath volumes"}
	if diff := cmp.Diff(want, d.Warnings); diff != "" {
		t.Error(diff)
	}
}
