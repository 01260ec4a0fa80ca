package plan_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/plan"
	"github.com/gabion-security/gabion/pss"
)

// TestWhatAProfileRefusesIsAtRiskWhateverTheLabelsSay, and what it cannot judge is a
// gap, never something that passes.
func TestWhatAProfileRefusesIsAtRiskWhateverTheLabelsSay(t *testing.T) {
	t.Parallel()
	const (
		node = "apiVersion: v1\nkind: Pod\nmetadata: {name: node, namespace: shop}\nspec: {hostPID: true, containers: [{name: c}]}"
		fine = "apiVersion: v1\nkind: Pod\nmetadata: {name: fine, namespace: shop}\nspec: {containers: [{name: c}]}"
	)
	refusing := func(v *inventory.View) ([]plan.Violation, error) {
		if !v.Pod.HostPID {
			return nil, nil
		}
		return []plan.Violation{{Control: "own", Profile: "p", Findings: []plan.Finding{{FullPath: "spec.hostPID"}}}}, nil
	}
	for _, c := range []struct {
		name       string
		judge      func(*inventory.View) ([]plan.Violation, error)
		want       map[string]pss.ID
		incomplete bool
	}{
		{"one that is there", refusing, map[string]pss.ID{"node": "own"}, false},
		{"one that is missing refuses every pod", nil, map[string]pss.ID{"node": "profile", "fine": "profile"}, false},
		{"one that cannot judge", func(*inventory.View) ([]plan.Violation, error) { return nil, errors.New("no") }, map[string]pss.ID{}, true},
	} {
		o := options()
		o.Profiles = func(*inventory.Namespace) []plan.Profile {
			return []plan.Profile{{Name: "p", Guards: []string{"g"}, Judge: c.judge}}
		}
		n := only(t, o, namespace("pod-security.kubernetes.io/enforce: privileged"), node, fine)
		got := map[string]pss.ID{}
		for _, b := range n.AtRisk {
			got[b.Object.Name] = b.Violations[0].Control
		}
		if diff := cmp.Diff(c.want, got); diff != "" || n.Incomplete != c.incomplete {
			t.Errorf("%s: incomplete=%t (-want +got):\n%s", c.name, n.Incomplete, diff)
		}
	}
}

func TestWhatAFloorRefusesIsAtRiskWhateverTheLabelsSay(t *testing.T) {
	t.Parallel()
	const (
		onNode = "apiVersion: v1\nkind: Pod\nmetadata: {name: node, namespace: shop}\nspec: {hostPID: true, containers: [{name: c}]}"
		ports  = "apiVersion: v1\nkind: Pod\nmetadata: {name: ports, namespace: shop}\nspec: {hostPID: true, containers: [{name: c, ports: [{hostPort: 80}]}]}"
		fine   = "apiVersion: v1\nkind: Pod\nmetadata: {name: fine, namespace: shop}\nspec: {containers: [{name: c}]}"
	)
	floor := plan.Floor{Policy: pss.LevelVersion{Level: pss.Baseline, Version: pss.Latest}, Guards: []string{"g"}}
	for _, c := range []struct {
		name, labels string
		except       plan.Except
		want         map[string][]string
	}{
		{"no label", "", nil, map[string][]string{"node": {"hostNamespaces"}, "ports": {"hostNamespaces", "hostPorts"}}},
		{"privileged", "pod-security.kubernetes.io/enforce: privileged", nil, map[string][]string{"node": {"hostNamespaces"}, "ports": {"hostNamespaces", "hostPorts"}}},
		{"the same", "pod-security.kubernetes.io/enforce: baseline", nil, map[string][]string{"node": {"hostNamespaces"}, "ports": {"hostNamespaces", "hostPorts"}}},
		{
			"an older version, which refuses some of it too", "pod-security.kubernetes.io/enforce: baseline, pod-security.kubernetes.io/enforce-version: v1.30",
			nil, map[string][]string{"node": {"hostNamespaces"}, "ports": {"hostNamespaces", "hostPorts"}},
		},
		{
			"an exception", "pod-security.kubernetes.io/enforce: privileged",
			func(_ *inventory.View, v pss.Verdict) pss.Verdict {
				return v.Except(func(id pss.ID, _ pss.Finding) bool { return id == "hostNamespaces" })
			}, map[string][]string{"ports": {"hostPorts"}},
		},
	} {
		o := options()
		o.Floors = func(ns *inventory.Namespace) ([]plan.Floor, plan.Except) {
			if ns.Name != "shop" {
				t.Errorf("asked for %s", ns.Name)
			}
			return []plan.Floor{floor}, c.except
		}
		n := only(t, o, namespace(c.labels), onNode, ports, fine)
		got := map[string][]string{}
		for _, b := range n.AtRisk {
			for _, v := range b.Violations {
				got[b.Object.Name] = append(got[b.Object.Name], string(v.Control))
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if diff := cmp.Diff([]plan.Floor{floor}, n.Floors); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}
