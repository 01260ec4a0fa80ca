package admission

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/pss"
)

// rules are guards that take the removal of a label for a weakening, and a new
// namespace with an exempt name. They notice every change.
type rules struct {
	refused, told bool
	asked         *[]NamespaceChange
}

func (g rules) Judge(c NamespaceChange) Guarding {
	if g.asked != nil {
		*g.asked = append(*g.asked, c)
	}
	guarding := Guarding{Notices: []string{"a notice"}}
	if c.New && !c.Exempt || !c.New && c.After[pss.EnforceLabel] == c.Before[pss.EnforceLabel] {
		return guarding
	}
	guarding.Weakenings = []Weakening{{Refused: g.refused, Told: g.told, Text: "less"}, {Told: true, Text: "told"}, {Text: "noted"}}
	return guarding
}

func (rules) Missing(name string, labels map[string]string) map[string]string {
	if _, ok := labels[pss.EnforceLabel]; ok || name == "exempt" {
		return nil
	}
	return map[string]string{pss.EnforceLabel: "baseline", pss.EnforceVersionLabel: "v1.30"}
}

var errUnanswered = errors.New("timeout")

// rights are those of one user.
type rights struct{ asked *[]User }

func (r rights) MayWeaken(_ context.Context, u User, namespace string) (bool, error) {
	*r.asked = append(*r.asked, u)
	if u.Name == "nobody-answers" {
		return true, errUnanswered
	}
	return u.Name == "owner" && namespace == "n", nil
}

// guardedBy makes a Controller with guards.
func guardedBy(t *testing.T, g Guards, r Rights) *Controller {
	t.Helper()
	w := newWorld()
	config := DefaultConfig()
	config.Exemptions = NewExemptions(nil, []string{"exempt"}, nil)
	c, err := New(Options{Config: config, Namespaces: w, Pods: w, Rights: r})
	if err != nil {
		t.Fatal(err)
	}
	c.setGuards(g)
	return c
}

// askedBy makes a request that of a user.
func askedBy(user string, r Request) Request {
	r.Username = user
	r.UserInfo = []byte(`{"username":"` + user + `","uid":"7","groups":["a","b"],"extra":{"scopes":["x"]}}`)
	return r
}

const (
	restrictedLabels = `{"pod-security.kubernetes.io/enforce":"restricted"}`
	needsRight       = `This needs the verb "weaken" on podsecuritylevels.gabion.io "n", by a ClusterRoleBinding`
)

func TestWhoMayNotWeakenIsRefused(t *testing.T) {
	t.Parallel()
	var asked []User
	c := guardedBy(t, rules{refused: true}, rights{&asked})
	refused := Decision{
		Code: 403, Reason: "Forbidden", Message: `namespaces "n" is forbidden: it would be weakened: less. ` + needsRight,
		Details:     Details{Kind: "namespaces", Name: "n"},
		Annotations: []Annotation{{"weaken-right", "missing"}, {"weakening", "less; told; noted"}},
		Warnings:    []string{"a notice", "the namespace is weakened: told"},
	}
	unanswered := refused
	unanswered.Message += ", and whether that is there could not be asked"
	unanswered.Annotations = []Annotation{
		{"error", "failed to ask who may weaken the namespace: timeout"}, {"weaken-right", "unanswered"}, {"weakening", "less; told; noted"},
	}
	unanswered.Err = errUnanswered
	allowed := Decision{
		Allowed: true, Annotations: []Annotation{{"weaken-right", "used"}, {"weakening", "less; told; noted"}},
		Warnings: []string{"a notice", "the namespace is weakened: told", "the namespace is weakened, by the right to weaken it: less"},
	}
	for user, want := range map[string]Decision{"tenant": refused, "nobody-answers": unanswered, "owner": allowed} {
		for _, sub := range []string{"", "status", "finalize"} {
			r := askedBy(user, namespaced(Update, "n", `{}`, restrictedLabels))
			r.Subresource = sub
			got := c.Decide(t.Context(), r)
			if !errors.Is(got.Err, want.Err) {
				t.Errorf("%s of %q: %v", user, sub, got.Err)
			}
			got.Err = want.Err
			if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b error) bool { return errors.Is(a, b) })); diff != "" {
				t.Errorf("%s of %q (-want +got):\n%s", user, sub, diff)
			}
		}
	}
	want := User{Name: "owner", UID: "7", Groups: []string{"a", "b"}, Extra: map[string][]string{"scopes": {"x"}}}
	for _, u := range asked {
		if u.Name == "owner" {
			if diff := cmp.Diff(want, u); diff != "" {
				t.Errorf("asked about (-want +got):\n%s", diff)
			}
		}
	}
}

func TestOnlyAWeakeningAsksForARight(t *testing.T) {
	t.Parallel()
	change := func(change func(*Request)) Request {
		r := askedBy("tenant", namespaced(Update, "n", `{}`, restrictedLabels))
		change(&r)
		return r
	}
	const deleted = `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n","deletionTimestamp":"2026-01-01T00:00:00Z","labels":` + restrictedLabels + `}}`
	for _, tt := range []struct {
		name    string
		rules   rules
		req     Request
		allowed bool
		code    int32
		asked   bool
	}{
		{"a weakening", rules{refused: true}, change(func(*Request) {}), false, 403, true},
		{"one that is only told", rules{told: true}, change(func(*Request) {}), true, 0, false},
		{"one that is only noted", rules{}, change(func(*Request) {}), true, 0, false},
		{"an unrelated change", rules{refused: true}, change(func(r *Request) { r.OldObject = r.Object }), true, 0, false},
		{"a weakening of what is being deleted", rules{refused: true}, change(func(r *Request) { r.OldObject = []byte(deleted) }), true, 0, false},
		{"a weakening that says it is being deleted", rules{refused: true}, change(func(r *Request) {
			r.Object = []byte(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n","deletionTimestamp":"2026-01-01T00:00:00Z"}}`)
		}), false, 403, true},
		{"a new namespace", rules{refused: true}, askedBy("tenant", namespaced(Create, "n", `{}`, "")), true, 0, false},
		{"a new namespace with an exempt name", rules{refused: true}, askedBy("tenant", namespaced(Create, "exempt", `{}`, "")), false, 403, true},
		{"one whose request names none", rules{refused: true}, askedBy("tenant", func() Request {
			r := namespaced(Create, "exempt", `{}`, "")
			r.Namespace, r.Name = "", ""
			return r
		}()), false, 403, true},
		{"an invalid label", rules{refused: true}, change(func(r *Request) { r.Object = namespaceJSON("n", `{"pod-security.kubernetes.io/warn":"x"}`) }), false, 422, false},
		{"a deletion", rules{refused: true}, change(func(r *Request) { r.Operation = "PATCH" }), true, 0, false},
		{"a subresource that is no namespace", rules{}, change(func(r *Request) { r.Subresource, r.Object = "new", []byte(service) }), false, 400, false},
		{"a user that cannot be read", rules{refused: true}, change(func(r *Request) { r.UserInfo = nil }), false, 403, false},
		{"a user without a name", rules{refused: true}, change(func(r *Request) { r.Username = "" }), false, 403, false},
	} {
		var asked []User
		d := guardedBy(t, tt.rules, rights{&asked}).Decide(t.Context(), tt.req)
		if d.Allowed != tt.allowed || d.Code != tt.code || (len(asked) > 0) != tt.asked {
			t.Errorf("%s: %+v, asked about %v", tt.name, d, asked)
		}
	}
	var asked []User
	d := guardedBy(t, rules{refused: true}, rights{&asked}).Decide(t.Context(), change(func(r *Request) { r.OldObject = []byte(deleted) }))
	if diff := cmp.Diff([]Annotation{{"weakening", "less; told; noted"}}, d.Annotations); diff != "" || len(d.Warnings) != 3 {
		t.Errorf("what is being deleted is weakened without a word (-want +got):\n%s%v", diff, d.Warnings)
	}
	if d := guardedBy(t, rules{refused: true}, nil).Decide(t.Context(), change(func(*Request) {})); d.Allowed || !errors.Is(d.Err, errNobodyToAsk) {
		t.Errorf("with nobody to ask: %+v", d)
	}
}

func TestGuardsHearWhatCountsNow(t *testing.T) {
	t.Parallel()
	var asked []NamespaceChange
	c := guardedBy(t, rules{asked: &asked}, nil)
	config := c.state.Load().config
	config.Defaults.Enforce.Level = pss.Baseline
	if err := c.SetConfig(config); err != nil {
		t.Fatal(err)
	}
	c.SetEvaluator(pss.Evaluator{Kubernetes: pss.V1(30)})
	c.Decide(t.Context(), namespaced(Update, "exempt", `{"a":"b"}`, `{"a":"c"}`))
	want := []NamespaceChange{{
		Name: "exempt", Before: map[string]string{"a": "c"}, After: map[string]string{"a": "b"}, Exempt: true,
		Defaults: config.Defaults, Evaluator: pss.Evaluator{Kubernetes: pss.V1(30)},
	}}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Error(diff)
	}
	c.setGuards(nil)
	if d := c.Decide(t.Context(), namespaced(Update, "n", `{}`, restrictedLabels)); !cmp.Equal(d, allow()) {
		t.Errorf("without guards: %+v", d)
	}
}
