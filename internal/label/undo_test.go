package label_test

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/label"
	"github.com/gabion-security/gabion/pss"
)

// applied is the namespace as the API server has it when a change is made.
func applied(c *label.Change) label.Namespace {
	n := c.Namespace
	n.Labels, n.Owners = c.Labels(), maps.Clone(n.Owners)
	for _, e := range c.Edits {
		var owners []label.Owner
		if !e.Changes() {
			owners = append(owners, e.Owners...)
		}
		n.Owners[e.Key] = append(owners, own())
	}
	return n
}

func TestUndoDataSurviveBeingWritten(t *testing.T) {
	t.Parallel()
	ns := labelled(map[string]string{pss.EnforceLabel: "privileged"}, by("kubectl-label", "Update"))
	c := planner().Plan(ns, map[string]string{pss.EnforceLabel: "baseline", pss.WarnLabel: "restricted"})
	undo := label.NewUndo(time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600)), inventory.Cluster{Address: "https://here", UID: "c"}, []*label.Change{&c})
	text, err := undo.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := label.DecodeUndo(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(undo, got); diff != "" {
		t.Errorf("read again (-want +got):\n%s", diff)
	}
}

func TestWhatIsNoUndoDataIsRefused(t *testing.T) {
	t.Parallel()
	const head = `{"apiVersion": "gabion.io/v1alpha1", "kind": "LabelUndo", "cluster": {"address": "https://here"}, `
	for name, tt := range map[string]struct{ text, want string }{
		"nothing":            {"", "the file is empty"},
		"no JSON":            {"kind: LabelUndo", "no undo data"},
		"another kind":       {`{"apiVersion": "gabion.io/v1alpha1", "kind": "Plan"}`, `it is a "Plan"`},
		"a whole plan":       {`{"apiVersion": "gabion.io/v1alpha1", "kind": "Plan", "more": 1, "namespaces": [{"labels": {}}]}`, `it is a "Plan"`},
		"a later version":    {`{"apiVersion": "gabion.io/v2", "kind": "LabelUndo"}`, `of "gabion.io/v2"`},
		"no cluster":         {`{"apiVersion": "gabion.io/v1alpha1", "kind": "LabelUndo", "namespaces": []}`, "it names no cluster"},
		"an unknown field":   {head + `"extra": 1}`, "unknown field"},
		"half of it":         {head + `"namespaces": [{"name": "shop"`, "unexpected EOF"},
		"two documents":      {head + `"namespaces": []} {}`, "something follows"},
		"no uid":             {head + `"namespaces": [{"name": "shop"}]}`, "no uid"},
		"no name":            {head + `"namespaces": [{"uid": "u"}]}`, "no name"},
		"a namespace twice":  {head + `"namespaces": [{"name": "a", "uid": "u"}, {"name": "a", "uid": "v"}]}`, "in it twice"},
		"another label":      {head + `"namespaces": [{"name": "a", "uid": "u", "labels": [{"key": "team"}]}]}`, "no Pod Security label"},
		"the same key twice": {head + `"namespaces": [{"name": "a", "uid": "u", "labels": [{"key": "` + pss.WarnLabel + `"}, {"key": "` + pss.WarnLabel + `"}]}]}`, "in it twice"},
	} {
		if _, err := label.DecodeUndo([]byte(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want one line with %q", name, err, tt.want)
		}
	}
}

func TestAnUndoneChangeLeavesNothingToUndo(t *testing.T) {
	t.Parallel()
	p := planner()
	before := labelled(map[string]string{pss.EnforceLabel: "privileged", pss.AuditLabel: "restricted"}, by("kubectl-label", "Update"))
	c := p.Plan(before, map[string]string{pss.EnforceLabel: "baseline", pss.WarnLabel: "restricted", pss.AuditLabel: "restricted"})
	entry := &label.NewUndo(time.Time{}, inventory.Cluster{}, []*label.Change{&c}).Namespaces[0]

	undo, err := p.PlanUndo(applied(&c), entry, false)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before.Labels, undo.Labels()); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	// The enforced level is never missing, not for a moment.
	if diff := cmp.Diff(map[string]string{pss.EnforceLabel: "privileged"}, undo.Config); diff != "" {
		t.Errorf("what is applied on the way (-want +got):\n%s", diff)
	}
	kubectl := []label.Owner{by("kubectl-label", "Update")}
	if diff := cmp.Diff(map[string][]label.Owner{pss.EnforceLabel: kubectl, pss.AuditLabel: kubectl}, undo.Return); diff != "" {
		t.Errorf("who gets it back (-want +got):\n%s", diff)
	}
	if !undo.Changes() || len(undo.Kept) > 0 {
		t.Errorf("changes %t, kept %v", undo.Changes(), undo.Kept)
	}
	again, err := p.PlanUndo(before, entry, false)
	if err != nil || again.Changes() || len(again.Kept) > 0 {
		t.Errorf("undone, there is more to undo: %+v, %v", again, err)
	}
}

func TestAModeThatHasChangedSinceIsKeptAsAWhole(t *testing.T) {
	t.Parallel()
	p := planner()
	c := p.Plan(labelled(nil), map[string]string{
		pss.EnforceLabel: "baseline", pss.EnforceVersionLabel: "v1.30", pss.WarnLabel: "restricted", pss.WarnVersionLabel: "v1.30",
	})
	entry := &label.NewUndo(time.Time{}, inventory.Cluster{}, []*label.Change{&c}).Namespaces[0]
	for name, change := range map[string]func(*label.Namespace){
		"another value":   func(n *label.Namespace) { n.Labels[pss.EnforceVersionLabel] = "v1.31" },
		"another owner":   func(n *label.Namespace) { n.Owners[pss.EnforceLabel] = []label.Owner{by("gitops", "Apply")} },
		"an owner beside": func(n *label.Namespace) { n.Owners[pss.EnforceLabel] = []label.Owner{own(), by("gitops", "Apply")} },
	} {
		now := applied(&c)
		change(&now)
		undo, err := p.PlanUndo(now, entry, false)
		if err != nil || len(undo.Kept) != 1 || len(undo.Edits) != 2 || undo.Edits[0].Key != pss.WarnLabel {
			t.Errorf("%s: kept %v, edits %v, error %v; want the enforce labels kept", name, undo.Kept, undo.Edits, err)
		}
		if undo, err = p.PlanUndo(now, entry, true); err != nil || len(undo.Kept) > 0 || len(undo.Edits) != 4 {
			t.Errorf("%s by force: kept %v, edits %v, error %v", name, undo.Kept, undo.Edits, err)
		}
	}
}

func TestAnotherNamespaceOfTheNameIsNotTouched(t *testing.T) {
	t.Parallel()
	entry := label.UndoNamespace{Name: "shop", UID: "old"}
	if _, err := planner().PlanUndo(labelled(nil), &entry, true); !errors.Is(err, label.ErrReplaced) {
		t.Errorf("got %v, want %v", err, label.ErrReplaced)
	}
}
