package admission

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

const (
	hostTemplate = `{"spec":{"hostPID":true,"containers":[{"name":"c","image":"i"}]}}`
	goodTemplate = `{"spec":{"containers":[{"name":"c","image":"i"}]}}`
	kataTemplate = `{"spec":{"runtimeClassName":"kata","hostPID":true,"containers":[{"name":"c","image":"i"}]}}`
)

// custom is a request to create an object of a custom resource.
func custom(group, kind, namespace, spec string, options ...func(*Request)) Request {
	r := Request{
		Operation: Create, Group: group, Resource: strings.ToLower(kind) + "s", Kind: kind, Namespace: namespace, Name: "x",
		Object: []byte(`{"apiVersion":"` + group + `/v1","kind":"` + kind + `","metadata":{"name":"x"},"spec":` + spec + `}`),
	}
	for _, o := range options {
		o(&r)
	}
	return r
}

func TestPodsOfCustomResourcesAreJudgedAsThoseOfWorkloads(t *testing.T) {
	t.Parallel()
	const would = `would violate PodSecurity "baseline:latest": `
	const host = "host namespaces (hostPID=true)"
	both := func(text string) Decision {
		d := note("audit-violations", would+text)
		d.Warnings = []string{would + text}
		return d
	}
	paths := []workload.TemplatePath{
		{Group: "example.com", Kind: "Set", Path: "spec.left"}, {Group: "example.com", Kind: "Set", Path: "spec.right"},
		{Group: "example.com", Kind: "Set", Path: "spec.more.*"},
	}
	many := make([]string, 12)
	for i := range many {
		many[i] = `"k` + string(rune('a'+i)) + `":` + hostTemplate
	}
	set := func(spec string) Request { return custom("example.com", "Set", "n", spec) }
	for _, tt := range []struct {
		name string
		req  Request
		want Decision
	}{
		{"one template, in the API server's words", set(`{"left":` + hostTemplate + `}`), both(host)},
		{"one template that is fine", set(`{"left":` + goodTemplate + `}`), note()},
		{"several, one of which is not fine", set(`{"left":` + goodTemplate + `,"right":` + hostTemplate + `}`), both("spec.right: " + host)},
		{"several that are not fine", set(`{"left":` + hostTemplate + `,"right":` + hostTemplate + `}`), both("spec.left: " + host + "; spec.right: " + host)},
		{
			"more than anybody wants to read", set(`{"more":{` + strings.Join(many, ",") + `}}`),
			both("spec.more.ka: " + host + "; spec.more.kb: " + host + "; spec.more.kc: " + host + "; spec.more.kd: " + host + "; spec.more.ke: " + host +
				"; spec.more.kf: " + host + "; spec.more.kg: " + host + "; spec.more.kh: " + host + "; and 4 more pod templates"),
		},
		{"a key that forges a line", set(`{"left":` + goodTemplate + `,"more":{"a\nb":` + hostTemplate + `}}`), both(`spec.more[\"a\\nb\"]: ` + host)},
		{"none", set(`{"text":"t"}`), note()},
		{"an exempt runtime class", set(`{"left":` + kataTemplate + `}`), note("exempt", "runtimeClass")},
		{"an exempt runtime class beside another", set(`{"left":` + kataTemplate + `,"right":` + hostTemplate + `}`), both("spec.right: " + host)},
		{"a kind that is known", custom("argoproj.io", "Rollout", "n", `{"template":`+hostTemplate+`}`), both(host)},
		{"a kind that is known, referring to another object", custom("argoproj.io", "Rollout", "n", `{"workloadRef":{"name":"d"}}`), note()},
		{"the scale", custom("argoproj.io", "Rollout", "n", `{"template":`+hostTemplate+`}`, func(r *Request) { r.Subresource = "scale" }), note()},
		{"an exempt user", custom("argoproj.io", "Rollout", "n", `{"template":`+hostTemplate+`}`, by("root")), note("exempt", "user")},
		{"a namespace where all is privileged", custom("argoproj.io", "Rollout", "default", `{"template":`+hostTemplate+`}`), note()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.namespaces["n"] = map[string]string{pss.WarnLabel: "baseline", pss.AuditLabel: "baseline", pss.EnforceLabel: "restricted"}
			c := w.controller(t)
			if err := c.SetTemplatePaths(paths); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, c.Decide(t.Context(), tt.req), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}

func TestWhatCannotBeReadOfACustomResourceIsSaid(t *testing.T) {
	t.Parallel()
	beside := `{"template":` + hostTemplate + `,"other":{"template":` + hostTemplate + `}}`
	for _, tt := range []struct {
		name     string
		req      Request
		want     string // of the annotation error
		warnings int
	}{
		{"a kind that is not known", custom("example.com", "Other", "n", `{}`), `failed to decode object: no kind "Other" is registered for version "example.com/v1"`, 0},
		{"a value of the wrong type", custom("argoproj.io", "Rollout", "n", `{"template":3}`), "failed to decode object: ", 0},
		{"no object", custom("argoproj.io", "Rollout", "n", `{}`, func(r *Request) { r.Object = []byte("{}") }), "failed to decode object: apiVersion and kind are missing", 0},
		{"a template elsewhere", custom("argoproj.io", "Rollout", "n", `{"other":{"template":`+hostTemplate+`}}`), "failed to extract pod template: it holds", 0},
		{"a template elsewhere, too", custom("argoproj.io", "Rollout", "n", beside), "failed to extract pod template at spec.other.template: it holds", 1},
		{"the same with a label that is none", custom("argoproj.io", "Rollout", "bad", beside), `must be one of privileged, baseline, restricted; failed to extract pod template at spec.other.template: `, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.namespaces["n"] = map[string]string{pss.WarnLabel: "baseline", pss.AuditLabel: "baseline"}
			w.namespaces["bad"] = map[string]string{pss.WarnLabel: "baseline", pss.AuditLabel: "baseline", pss.EnforceLabel: "none"}
			d := w.controller(t).Decide(t.Context(), tt.req)
			last := len(d.Annotations) - 1
			if !d.Allowed || len(d.Warnings) != tt.warnings || last < 0 || d.Annotations[last].Key != ErrorKey || !strings.Contains(d.Annotations[last].Value, tt.want) {
				t.Errorf("got %+v, want an error: %s", d, tt.want)
			}
		})
	}
}

func TestPathsThatAreNoneLeaveTheOldOnes(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.controller(t)
	if err := c.SetTemplatePaths([]workload.TemplatePath{{Group: "example.com", Kind: "Set", Path: "spec.template"}}); err != nil {
		t.Fatal(err)
	}
	if err := c.SetTemplatePaths([]workload.TemplatePath{{Group: "example.com", Kind: "Set", Path: "a..b"}}); err == nil {
		t.Error("a path that is none is taken")
	}
	if d := c.Decide(t.Context(), custom("example.com", "Set", "baseline", `{"template":`+hostTemplate+`}`)); len(d.Warnings) != 1 {
		t.Errorf("the old paths are gone: %+v", d)
	}
}

func TestExceptionsCoverPodsOfCustomResources(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.namespaces["n"] = map[string]string{pss.EnforceLabel: "baseline"}
	c := w.controller(t)
	c.setExceptions(sidecar(time.Time{}))
	template := func(account string) string {
		_, template, _ := strings.Cut(meshPod(account, ""), `"kind":"Pod",`)
		return "{" + template
	}
	if err := c.SetTemplatePaths([]workload.TemplatePath{
		{Group: "example.com", Kind: "Set", Path: "spec.left"}, {Group: "example.com", Kind: "Set", Path: "spec.right"},
	}); err != nil {
		t.Fatal(err)
	}
	d := c.Decide(t.Context(), custom("example.com", "Set", "n", `{"left":`+template("mesh")+`,"right":`+template("other")+`}`))
	if len(d.Warnings) != 1 || !strings.Contains(d.Warnings[0], `": spec.right: non-default capabilities`) || strings.Contains(d.Warnings[0], "spec.left") {
		t.Errorf("warnings are %q", d.Warnings)
	}
	if want := (Annotation{ExceptionsKey, `"mesh": capabilities_baseline`}); d.Annotations[len(d.Annotations)-1] != want {
		t.Errorf("annotations are %v, want %v", d.Annotations, want)
	}
}
