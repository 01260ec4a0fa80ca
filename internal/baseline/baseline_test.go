package baseline_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/baseline"
)

const head = "apiVersion: gabion.io/v1alpha1\nkind: CheckBaseline\n"

var (
	web     = baseline.Object{Group: "apps", Kind: "Deployment", Namespace: "shop", Name: "web"}
	unnamed = baseline.Object{Kind: "Pod", Namespace: "default"}
)

// finding is one with a value, at a path of the object.
func finding(control string, value any) baseline.Finding {
	return baseline.Finding{Control: control, Path: `spec.template.spec.containers["app"].x`, Value: value}
}

// record returns a baseline of findings of the objects.
func record(t *testing.T, findings map[baseline.Object][]baseline.Finding) *baseline.Baseline {
	t.Helper()
	c := baseline.Record()
	for o, all := range findings {
		for i, f := range all {
			if !c.Template(o).Known(strings.Repeat("x", i), f) {
				t.Fatalf("%v of %v is not known to who records", f, o)
			}
		}
	}
	return c.Met()
}

func TestABaselineIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	hostile := baseline.Object{Kind: "yes", Namespace: "1e3", Name: "a: b\n- kind: \"x\" # \u2028 \x7f é"}
	written := record(t, map[baseline.Object][]baseline.Finding{
		unnamed: {finding("privileged", true), finding("privileged", true), finding("runAsNonRoot", nil)},
		web:     {finding("hostPorts", int64(80)), finding("capabilities_baseline", []string{"NET_ADMIN", "on"}), finding("sysctls", "true")},
		hostile: {finding("hostPathVolumes", "/var/log"), finding("seLinuxOptions", "")},
	})
	text, err := written.Encode()
	if err != nil {
		t.Fatal(err)
	}
	want := `# Violations that were there before: gabion check --baseline fails for new ones only.
# Written by gabion check --write-baseline.
apiVersion: gabion.io/v1alpha1
kind: CheckBaseline
objects:
- kind: "yes"
  namespace: "1e3"
  name: "a: b\n- kind: \"x\" # \u2028 \x7f é"
  findings:
  - control: hostPathVolumes
    path: spec.template.spec.containers["app"].x
    value: "/var/log"
  - control: seLinuxOptions
    path: spec.template.spec.containers["app"].x
    value: ""
- kind: Pod
  namespace: default
  findings:
  - control: privileged
    path: spec.template.spec.containers["app"].x
    value: true
    count: 2
  - control: runAsNonRoot
    path: spec.template.spec.containers["app"].x
- kind: Deployment
  group: apps
  namespace: shop
  name: web
  findings:
  - control: capabilities_baseline
    path: spec.template.spec.containers["app"].x
    value: [NET_ADMIN, "on"]
  - control: hostPorts
    path: spec.template.spec.containers["app"].x
    value: 80
  - control: sysctls
    path: spec.template.spec.containers["app"].x
    value: "true"
`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	read, err := baseline.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	again, err := read.Encode()
	if err != nil || string(again) != string(text) || read.Len() != 8 {
		t.Errorf("got %d findings and %v:\n%s", read.Len(), err, again)
	}
}

func TestAnEmptyBaselineKnowsNothing(t *testing.T) {
	t.Parallel()
	text, err := new(baseline.Baseline).Encode()
	if err != nil || !strings.HasSuffix(string(text), head+"objects: []\n") {
		t.Errorf("got %v:\n%s", err, text)
	}
	b, err := baseline.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	if b.Len() != 0 || baseline.Compare(b).Template(web).Known("", finding("privileged", true)) {
		t.Error("it knows something")
	}
}

func TestWhatIsNoBaselineIsAnError(t *testing.T) {
	t.Parallel()
	const object = head + "objects:\n- kind: Pod\n  namespace: a\n  findings:\n  - "
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "nothing is in it: --write-baseline writes one"},
		{"two", head + "objects: []\n---\n" + head + "objects: []\n", "here are 2"},
		{"a conflict of a merge", "<<<<<<< ours\n" + head, "yaml: "},
		{"a Pod", "apiVersion: v1\nkind: Pod\n", `apiVersion "v1" and kind "Pod" are no baseline, which is gabion.io/v1alpha1 and CheckBaseline`},
		{"a newer one", "apiVersion: gabion.io/v2\nkind: CheckBaseline\n", `apiVersion "gabion.io/v2" is not known here: it was written by another version of gabion`},
		{"another field", head + "objects: []\nall: true\n", `unknown field "all"`},
		{"a slip of the pen", object + "contrl: a\n", "did you mean control?"},
		{"no path", object + "control: a\n", "objects[0].findings[0] needs a control, a path"},
		{"a count of none", object + "control: a\n    path: b\n    count: 0\n", "a count above 0"},
		{"no findings", head + "objects: [{kind: Pod, namespace: a}]\n", "objects[0] has no kind or no findings"},
		{"no kind", head + "objects: [{namespace: a, findings: [{control: a, path: b}]}]\n", "objects[0] has no kind"},
		{"bytes", "\xff\xfe", "binary"},
	} {
		b, err := baseline.Read([]byte(c.text))
		if err == nil || b != nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v and %v, want one line with %q", c.name, b, err, c.want)
		}
	}
}

func TestEachKnownFindingCountsOnce(t *testing.T) {
	t.Parallel()
	known := record(t, map[baseline.Object][]baseline.Finding{web: {finding("privileged", true), finding("privileged", true)}})
	c := baseline.Compare(known)
	var answers []bool
	for range 3 { // as many objects of this name
		answers = append(answers, c.Template(web).Known("containers[0]", finding("privileged", true)))
	}
	if diff := cmp.Diff([]bool{true, true, false}, answers); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestATemplateIsAskedSeveralTimesForOneFinding(t *testing.T) {
	t.Parallel()
	known := record(t, map[baseline.Object][]baseline.Finding{web: {finding("privileged", true)}})
	template := baseline.Compare(known).Template(web)
	for range 3 {
		if !template.Known("containers[0]", finding("privileged", true)) {
			t.Error("the finding is new when it is asked for again")
		}
		if template.Known("containers[1]", finding("privileged", true)) {
			t.Error("another finding of the same name is known, too")
		}
	}
}

func TestWhatIsOtherwiseIsNew(t *testing.T) {
	t.Parallel()
	f := finding("privileged", true)
	known := record(t, map[baseline.Object][]baseline.Finding{web: {f}})
	other := func(change func(*baseline.Object, *baseline.Finding)) (baseline.Object, baseline.Finding) {
		o, f := web, f
		change(&o, &f)
		return o, f
	}
	for name, change := range map[string]func(*baseline.Object, *baseline.Finding){
		"group":     func(o *baseline.Object, _ *baseline.Finding) { o.Group = "batch" },
		"kind":      func(o *baseline.Object, _ *baseline.Finding) { o.Kind = "DaemonSet" },
		"namespace": func(o *baseline.Object, _ *baseline.Finding) { o.Namespace = "b" },
		"name":      func(o *baseline.Object, _ *baseline.Finding) { o.Name = "b" },
		"control":   func(_ *baseline.Object, f *baseline.Finding) { f.Control = "b" },
		"path":      func(_ *baseline.Object, f *baseline.Finding) { f.Path = "b" },
		"value":     func(_ *baseline.Object, f *baseline.Finding) { f.Value = "true" },
		"no value":  func(_ *baseline.Object, f *baseline.Finding) { f.Value = nil },
	} {
		o, f := other(change)
		if baseline.Compare(known).Template(o).Known("", f) {
			t.Errorf("another %s is known", name)
		}
	}
}

func TestFixedFindingsAreThoseOfObjectsThatWereMet(t *testing.T) {
	t.Parallel()
	known := record(t, map[baseline.Object][]baseline.Finding{
		web: {finding("a", nil), finding("b", nil), finding("b", nil), finding("c", nil)}, unnamed: {finding("a", nil)},
	})
	c := baseline.Compare(known)
	template := c.Template(web)
	template.Known("", finding("a", nil))
	template.Known("", finding("b", nil))
	fixed, gone := c.Fixed()
	want := []baseline.Entry{{Object: web, Finding: finding("b", nil)}, {Object: web, Finding: finding("c", nil)}}
	if diff := cmp.Diff(want, fixed); diff != "" || gone != 1 {
		t.Errorf("%d gone (-want +got):\n%s", gone, diff)
	}
	if n := c.Met().Len(); n != 2 {
		t.Errorf("%d findings were met, want 2", n)
	}
}
