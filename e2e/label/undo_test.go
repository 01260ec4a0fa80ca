package label_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// allSix are the labels that the tests ask for, and asked the flags that do.
func allSix() map[string]string {
	return policy("enforce=baseline", "enforce-version=v1.30", "audit=restricted", "audit-version=latest", "warn=restricted", "warn-version=v1.33")
}

func asked() []string {
	return []string{"--enforce=baseline:v1.30", "--audit=restricted:latest", "--warn=restricted:v1.33", "--yes", "--force", "--force-conflicts"}
}

func TestUndoGivesBackWhatStoodWithItsOwners(t *testing.T) {
	t.Parallel()
	for name, setUp := range map[string]func(t *testing.T, ns string){
		"a namespace without labels": func(t *testing.T, ns string) { makeNamespace(t, ns) },
		"labels that came with it":   func(t *testing.T, ns string) { makeNamespace(t, ns, "enforce=privileged", "warn=baseline") },
		"labels by kubectl label": func(t *testing.T, ns string) {
			makeNamespace(t, ns)
			kubectl(t, "", "label", "ns", ns, "pod-security.kubernetes.io/enforce=restricted", "pod-security.kubernetes.io/enforce-version=latest")
		},
		"some labels with the value that is asked for": func(t *testing.T, ns string) {
			makeNamespace(t, ns, "audit=restricted")
			kubectl(t, "", "label", "ns", ns, "pod-security.kubernetes.io/enforce=baseline", "pod-security.kubernetes.io/warn=privileged")
		},
		"labels by a GitOps tool": func(t *testing.T, ns string) {
			makeNamespace(t, ns)
			must(t, applyAs(t, "gitops", ns, nil, "enforce=privileged", "audit=baseline", "warn-version=v1.33"))
		},
		"labels by several": func(t *testing.T, ns string) {
			makeNamespace(t, ns, "warn=privileged")
			must(t, applyAs(t, "gitops", ns, nil, "enforce=privileged", "audit=restricted"))
			must(t, applyAs(t, "other", ns, nil, "enforce=privileged"))
			kubectl(t, "", "label", "ns", ns, "pod-security.kubernetes.io/audit-version=v1.20", "team=a")
		},
		"a label with the value that is asked for by a GitOps tool": func(t *testing.T, ns string) {
			makeNamespace(t, ns)
			must(t, applyAs(t, "gitops", ns, nil, "audit=restricted"))
			kubectl(t, "", "annotate", "ns", ns, "note=x")
		},
		"labels of its own from before": func(t *testing.T, ns string) {
			makeNamespace(t, ns)
			newOperator(t).label(ns, "--enforce=privileged:v1.20", "--warn=baseline", "--yes").exits(0)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ns := "undo-" + strings.ReplaceAll(strings.ToLower(name), " ", "-")
			setUp(t, ns)
			before := stateOf(t, ns)
			o := newOperator(t)
			o.label(append(asked(), ns)...).exits(0).says("namespace/"+ns+" labeled", "1 labeled\n", "to undo it: gabion label --undo ")
			if diff := cmp.Diff(allSix(), policyOf(t, ns)); diff != "" {
				t.Fatalf("labels (-want +got):\n%s", diff)
			}
			file := o.undoFile()
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the undo data: %v, %v; want a file for its owner only", info.Mode(), err)
			}
			o.label("--undo", file, "--yes").exits(0).says("namespace/"+ns+" restored", "1 restored\n")
			if diff := cmp.Diff(before, stateOf(t, ns)); diff != "" {
				t.Errorf("not as it was (-want +got):\n%s", diff)
			}
			o.label("--undo", file, "--yes").exits(0).says("namespace/"+ns+" unchanged", "1 unchanged\n")
			if diff := cmp.Diff(before, stateOf(t, ns)); diff != "" {
				t.Errorf("undone twice (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLabelsWithoutAnyOwnerGetTheirValuesBack(t *testing.T) {
	t.Parallel()
	makeNamespace(t, "ownerless", "enforce=privileged")
	kubectl(t, "", "patch", "ns", "ownerless", "--type=merge", "-p", `{"metadata": {"managedFields": [{}]}}`)
	o := newOperator(t)
	o.label("ownerless", "--enforce=baseline", "--yes").exits(1).says("before-first-apply")
	o = newOperator(t)
	o.label("ownerless", "--enforce=baseline", "--yes", "--force-conflicts").exits(0)
	o.label("--undo", o.undoFile(), "--yes").exits(0)
	if diff := cmp.Diff(policy("enforce=privileged"), policyOf(t, "ownerless")); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	for _, e := range get(t, "ownerless").ManagedFields {
		if e.Manager == "gabion-label" {
			t.Errorf("gabion-label still owns %s", e.FieldsV1.GetRawString())
		}
	}
}

func TestWhatHasChangedSinceIsKeptUnlessForced(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"since-value", "since-owner", "since-removed", "since-none"} {
		makeNamespace(t, name, "audit=baseline", "warn=baseline")
	}
	before := stateOf(t, "since-none")
	o := newOperator(t)
	o.label(append(asked(), "since-value", "since-owner", "since-removed", "since-none")...).exits(0).says("4 labeled")
	kubectl(t, "", "label", "--overwrite", "ns", "since-value", "pod-security.kubernetes.io/enforce=restricted")
	must(t, applyAs(t, "gitops", "since-owner", nil, "enforce=baseline"))
	kubectl(t, "", "label", "ns", "since-removed", "pod-security.kubernetes.io/warn-version-", "pod-security.kubernetes.io/audit-")
	o.label("--undo", o.undoFile(), "--yes").exits(1).says(
		"pod-security.kubernetes.io/enforce is restricted (owned by kubectl-label)",
		"pod-security.kubernetes.io/enforce is baseline (owned by gitops)",
		"pod-security.kubernetes.io/audit is not set",
		"1 restored, 3 not fully restored",
	)
	if diff := cmp.Diff(before, stateOf(t, "since-none")); diff != "" {
		t.Errorf("what nobody has changed (-want +got):\n%s", diff)
	}
	for name, want := range map[string]map[string]string{
		"since-value": policy("audit=baseline", "warn=baseline", "enforce=restricted", "enforce-version=v1.30"),
		"since-owner": policy("audit=baseline", "warn=baseline", "enforce=baseline", "enforce-version=v1.30"),
		// Without its version, warn=restricted is not what was labelled.
		"since-removed": policy("warn=baseline", "audit-version=latest"),
	} {
		if diff := cmp.Diff(want, policyOf(t, name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	o.label("--undo", o.undoFile(), "--yes", "--force").exits(0)
	for _, name := range []string{"since-value", "since-owner", "since-removed"} {
		if diff := cmp.Diff(policy("audit=baseline", "warn=baseline"), policyOf(t, name)); diff != "" {
			t.Errorf("%s by force (-want +got):\n%s", name, diff)
		}
	}
}

func TestANamespaceThatWasMadeAnewIsAnother(t *testing.T) {
	t.Parallel()
	makeNamespace(t, "anew")
	makeNamespace(t, "gone")
	o := newOperator(t)
	o.label("anew", "gone", "--warn=baseline", "--yes").exits(0)
	for _, name := range []string{"anew", "gone"} {
		kubectl(t, "", "delete", "ns", name, "--wait=false")
		finalize(t, name)
	}
	makeNamespace(t, "anew", "warn=baseline")
	o.label("--undo", o.undoFile(), "--yes", "--force").exits(1).says("namespace/gone skipped: it is gone", "namespace/anew skipped: it is another namespace")
	if diff := cmp.Diff(policy("warn=baseline"), policyOf(t, "anew")); diff != "" {
		t.Errorf("the new one (-want +got):\n%s", diff)
	}
}

func TestWhoHasOptedOutSinceIsRestoredByForceOnly(t *testing.T) {
	t.Parallel()
	makeNamespace(t, "opted-out", "enforce=privileged")
	before := policyOf(t, "opted-out")
	o := newOperator(t)
	o.label("opted-out", "--enforce=baseline:v1.33", "--yes", "--force-conflicts").exits(0)
	labelled := policyOf(t, "opted-out")
	kubectl(t, "", "label", "ns", "opted-out", "gabion.io/manage=false")
	o.label("--undo", o.undoFile(), "--yes").exits(1).says(`namespace/opted-out skipped: its label gabion.io/manage is "false" now; --force restores it all the same`)
	if diff := cmp.Diff(labelled, policyOf(t, "opted-out")); diff != "" {
		t.Errorf("without force (-before +after):\n%s", diff)
	}
	o.label("--undo", o.undoFile(), "--yes", "--force").exits(0).says("namespace/opted-out restored")
	if diff := cmp.Diff(before, policyOf(t, "opted-out")); diff != "" {
		t.Errorf("by force (-want +got):\n%s", diff)
	}
}
