package admission

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// earlier asks nothing of pods but tells of workloads, or refuses them.
func earlier(e Early) PodGuards {
	return func(string, map[string]string) PodGuarding {
		return PodGuarding{Workloads: e, By: "PodSecurityGuard g"}
	}
}

// deployment is a Deployment with the fields of its metadata, spec and pod.
func deployment(metadata, spec, pod string) string {
	return `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"` + metadata + `},"spec":{` + spec + `"template":{"metadata":{"labels":{"a":"b"}},"spec":{` + pod + `}}}}`
}

func deploy(namespace, object string, change ...func(*Request)) Request {
	return pod(Create, namespace, object, append([]func(*Request){func(r *Request) {
		r.Group, r.Resource, r.Kind, r.Name = "apps", "deployments", "Deployment", "d"
	}}, change...)...)
}

func update(object string) func(*Request) {
	return func(r *Request) { r.Operation, r.OldObject = Update, []byte(object) }
}

const (
	badSpec  = `"hostPID":true,"containers":[{"name":"web","image":"i","securityContext":{"privileged":true}},{"name":"b","image":"i"}]`
	goodSpec = `"containers":[{"name":"web","image":"i"}]`
	rejected = `the pods of this Deployment will be REJECTED by enforce "baseline:latest", before sidecars are injected: ` +
		`host namespaces (spec.template.spec.hostPID: true), privileged (container "web" at spec.template.spec.containers[0].securityContext.privileged: true)`
)

// ownedBy is the field of an object that another one of a kind controls.
func ownedBy(apiVersion, kind string) string {
	return `,"ownerReferences":[{"apiVersion":"` + apiVersion + `","kind":"` + kind + `","name":"a","uid":"u","controller":true}]`
}

func TestAWorkloadWhosePodsWillBeRejectedIsToldOf(t *testing.T) {
	t.Parallel()
	bad, good := deployment("", "", badSpec), deployment("", "", goodSpec)
	for _, c := range []struct {
		name string
		req  Request
		told string // empty for nothing
	}{
		{"a good one", deploy("enforcing", good), ""},
		{"a bad one", deploy("enforcing", bad), rejected},
		{"by an exempt user: a controller makes the pods", deploy("enforcing", bad, by("root")), rejected},
		{"in an exempt namespace", deploy("exempt", bad), ""},
		{"in a namespace that is not there", deploy("gone", bad), ""},
		{"in a privileged namespace", deploy("privileged", bad), ""},
		{"in a namespace that only audits", deploy("audited", bad), ""},
		{"with an exempt runtime class", deploy("enforcing", deployment("", "", `"runtimeClassName":"kata",`+badSpec)), ""},
		{"a change that makes it bad", deploy("enforcing", bad, update(good)), rejected},
		{"a change of one that was bad otherwise", deploy("enforcing", bad, update(deployment("", "", `"hostIPC":true,`+badSpec))), rejected},
		{"a change that makes it good", deploy("enforcing", good, update(bad)), ""},
		{"a change of what was unreadable", deploy("enforcing", bad, update("x")), rejected},
		{"a change without the old one", deploy("enforcing", bad, update("")), rejected},
		{"scaling a bad one", deploy("enforcing", deployment("", `"replicas":3,`, badSpec), update(bad)), ""},
		{"scaling by the subresource", deploy("enforcing", bad, update(good), subresource("scale")), ""},
		{"a finalizer of a bad one", deploy("enforcing", bad, update(deployment(`,"finalizers":["a/b"]`, "", badSpec))), ""},
		{"another image of a bad one", deploy("enforcing", bad, update(strings.ReplaceAll(bad, `"i"`, `"j"`))), ""},
		{"one that is being deleted", deploy("enforcing", bad, update(deployment(`,"deletionTimestamp":"2026-01-01T00:00:00Z"`, "", goodSpec))), ""},
		{"a new one that says it is being deleted", deploy("enforcing", deployment(`,"deletionTimestamp":"2026-01-01T00:00:00Z"`, "", badSpec)), rejected},
		{"one that another object controls", deploy("enforcing", deployment(ownedBy("argoproj.io/v1alpha1", "Rollout"), "", badSpec)), ""},
		{"one that another object owns", deploy("enforcing", deployment(strings.Replace(ownedBy("argoproj.io/v1alpha1", "Rollout"), "true", "false", 1), "", badSpec)), rejected},
		{"one that an old version of another controls", deploy("enforcing", deployment(ownedBy("extensions/v1beta1", "Deployment"), "", badSpec)), ""},
		{"one that a custom resource of a path controls", deploy("enforcing", deployment(ownedBy("example.com/v1", "Set"), "", badSpec)), ""},
		{"one that nobody who bears pods controls", deploy("enforcing", deployment(ownedBy("v1", "ConfigMap"), "", badSpec)), rejected},
		{"one that a custom resource controls which is not known", deploy("enforcing", deployment(ownedBy("example.com/v1", "App"), "", badSpec)), rejected},
		{"one that a kind of another group controls", deploy("enforcing", deployment(ownedBy("example.com/v1", "Deployment"), "", badSpec)), rejected},
		{"one that says nothing of who controls it", deploy("enforcing", deployment(ownedBy("", ""), "", badSpec)), rejected},
		{"a change that makes it bad, and the one of a ConfigMap", deploy("enforcing", deployment(ownedBy("v1", "ConfigMap"), "", badSpec), update(good)), rejected},
		{"a deletion", deploy("enforcing", bad, func(r *Request) { r.Operation = "DELETE" }), ""},
		{"what cannot be read", deploy("enforcing", bad[:90]), ""},
		{"broken labels enforce restricted", deploy("broken", deployment("", "", `"hostIPC":true,"securityContext":{"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}},"containers":[]`)),
			`the pods of this Deployment will be REJECTED by enforce "restricted:latest", before sidecars are injected: host namespaces (spec.template.spec.hostIPC: true)`},
		{"a CronJob", deploy("enforcing", `{"apiVersion":"batch/v1","kind":"CronJob","spec":{"jobTemplate":{"spec":{"template":{"spec":{"containers":[],"initContainers":[{"name":"i","ports":[{"hostPort":80}]}]}}}}}}`,
			func(r *Request) { r.Kind = "CronJob" }),
			`the pods of this CronJob will be REJECTED by enforce "baseline:latest", before sidecars are injected: hostPort (container "i" at spec.jobTemplate.spec.template.spec.initContainers[0].ports[0].hostPort: 80)`},
		{"a custom resource that is not known", deploy("enforcing", `{"apiVersion":"example.com/v1","kind":"App","spec":{"template":{"spec":{"hostPID":true,"containers":[]}}}}`,
			func(r *Request) { r.Group = "example.com" }), ""},
		{"a custom resource whose controller adds to its pods", deploy("restricted", `{"apiVersion":"serving.knative.dev/v1","kind":"Service","spec":{"template":{"spec":{"hostPID":true,"containers":[{"name":"c"}]}}}}`,
			func(r *Request) { r.Kind, r.Group = "Service", "serving.knative.dev" }),
			`the pods of this Service will be REJECTED by enforce "restricted:latest", before sidecars are injected: host namespaces (spec.template.spec.hostPID: true)`},
		{"a custom resource", deploy("enforcing", `{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","spec":{"template":{"spec":{"hostPID":true,"containers":[]}}}}`,
			func(r *Request) { r.Kind, r.Group = "Rollout", "argoproj.io" }),
			`the pods of this Rollout will be REJECTED by enforce "baseline:latest", before sidecars are injected: host namespaces (spec.template.spec.hostPID: true)`},
	} {
		without := newWorld().controller(t).Decide(t.Context(), c.req)
		controller := newWorld().controller(t)
		if err := controller.SetTemplatePaths([]workload.TemplatePath{{Group: "example.com", Kind: "Set", Path: "spec.template"}}); err != nil {
			t.Fatal(err)
		}
		controller.setPodGuards(earlier(EarlyWarn))
		want := without
		if c.told != "" {
			want.Warnings = append([]string{c.told}, without.Warnings...)
		}
		sameErr := cmp.Comparer(func(a, b error) bool { return fmt.Sprint(a) == fmt.Sprint(b) })
		if diff := cmp.Diff(want, controller.Decide(t.Context(), c.req), sameErr); diff != "" {
			t.Errorf("%s, told (-want +got):\n%s", c.name, diff)
		}
		controller.setPodGuards(earlier(EarlyDeny))
		want = without
		if c.told != "" {
			_, text, _ := strings.Cut(c.told, " will ")
			want.Allowed, want.Code, want.Reason = false, 403, "Forbidden"
			want.Message = "deployments." + c.req.Group + ` "d" is forbidden: its pods would ` + text + ` (workloads: deny, PodSecurityGuard g)`
			want.Details = Details{Group: c.req.Group, Kind: "deployments", Name: "d"}
		}
		if diff := cmp.Diff(want, controller.Decide(t.Context(), c.req), sameErr); diff != "" {
			t.Errorf("%s, refused (-want +got):\n%s", c.name, diff)
		}
		controller.setPodGuards(earlier(EarlySilent))
		if diff := cmp.Diff(without, controller.Decide(t.Context(), c.req), sameErr); diff != "" {
			t.Errorf("%s, silent (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestWhatIsExceptedIsNoEarlyVerdict(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.namespaces["n"] = map[string]string{pss.EnforceLabel: "baseline", pss.WarnLabel: "privileged"}
	c := w.controller(t)
	c.setPodGuards(earlier(EarlyDeny))
	images := func(account, image string) string {
		return deployment("", "", `"serviceAccountName":"`+account+`","containers":[{"name":"c","image":"`+image+`","securityContext":{"capabilities":{"add":["NET_ADMIN"]}}}]`)
	}
	add := func(account string) string { return images(account, "i") }
	c.setExceptions(sidecar(time.Time{}))
	for name, d := range map[string]struct {
		req     Request
		allowed bool
	}{
		"excepted":              {deploy("n", add("mesh")), true},
		"not excepted":          {deploy("n", add("web")), false},
		"not excepted any more": {deploy("n", add("web"), update(add("mesh"))), false}, // the view of the standard is as it was
		"unchanged":             {deploy("n", add("web"), update(add("web"))), true},
		"another image":         {deploy("n", images("web", "j"), update(add("web"))), true},
	} {
		if got := c.Decide(t.Context(), d.req); got.Allowed != d.allowed {
			t.Errorf("%s: allowed %t: %s", name, got.Allowed, got.Message)
		}
	}
}

func TestEarlyTextsAreBoundedAndPrintable(t *testing.T) {
	t.Parallel()
	c := newWorld().controller(t)
	c.setPodGuards(earlier(EarlyWarn))
	var containers []string
	for range 500 {
		containers = append(containers, `{"name":"\u0007\" is fine`+strings.Repeat("x", 400)+`","securityContext":{"privileged":true,"seLinuxOptions":{"type":"a\n\"`+strings.Repeat("y", 3000)+`"}}}`)
	}
	object := deployment("", "", `"hostPID":true,"containers":[`+strings.Join(containers, ",")+`]`)
	d := c.Decide(t.Context(), deploy("enforcing", object, func(r *Request) { r.Kind = "De\nploy" }))
	if len(d.Warnings) != 1 {
		t.Fatalf("%d warnings", len(d.Warnings))
	}
	text := d.Warnings[0]
	if strings.ContainsAny(text, "\n\a") || strings.Contains(text, `" is fine`) && !strings.Contains(text, `\" is fine`) || len(text) > 4096 ||
		!strings.HasPrefix(text, `the pods of this De\nploy will be REJECTED`) || !strings.HasSuffix(text, "), and 993 more") {
		t.Errorf("%d bytes: %s", len(text), text)
	}
	huge := deployment("", "", `"hostPID":true,"containers":[`+strings.Repeat(`{"securityContext":{"privileged":true}},`, maxItems)+`{}]`)
	if d := c.Decide(t.Context(), deploy("enforcing", huge)); len(d.Warnings) != 1 || !strings.HasSuffix(d.Warnings[0], ": host namespaces, privileged") {
		t.Errorf("of a huge one: %q", d.Warnings)
	}
}

func TestNobodyIsToldEarlyOnceTheTimeIsOver(t *testing.T) {
	t.Parallel()
	c := newWorld().controller(t)
	c.setPodGuards(earlier(EarlyDeny))
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if d := c.Decide(over, deploy("enforcing", deployment("", "", badSpec))); !d.Allowed || len(d.Warnings) > 0 {
		t.Errorf("%+v", d)
	}
}

// tasks is a custom resource with a template for each of the specs.
func tasks(specs ...string) string {
	var templates []string
	for _, spec := range specs {
		templates = append(templates, `{"template":{"spec":{`+spec+`}}}`)
	}
	return `{"tasks":[` + strings.Join(templates, ",") + `]}`
}

// manyTasks is a request for one with many templates that are refused, which has been
// read already.
func manyTasks(t *testing.T, c *Controller, many int) Request {
	t.Helper()
	req := custom("batch.volcano.sh", "Job", "enforcing", tasks(slices.Repeat([]string{badSpec}, many)...))
	req.ReadBy = c.state.Load().custom
	item := req.ReadBy.ReadObject(req.Object)
	if len(item.Templates) != many {
		t.Fatalf("%d templates, want %d: %v", len(item.Templates), many, item.Err)
	}
	req.ObjectRead = &item
	return req
}

// Not parallel: AllocsPerRun counts those of all goroutines.
func TestOfTemplatesThatAreNotNamedNothingIsWritten(t *testing.T) {
	c := newWorld().controller(t)
	c.recorder = silence{}
	c.setPodGuards(earlier(EarlyWarn))
	policy := pss.LevelVersion{Level: pss.Baseline, Version: pss.Latest}
	measure := func(many int) (judge, refused float64) {
		r := review{Controller: c, state: c.state.Load(), req: manyTasks(t, c, many)}
		pods := make([]judging, many)
		for i := range pods {
			of := &r.req.ObjectRead.Templates[i]
			pods[i] = judging{Subject: subjectOf(of), path: of.Path}
		}
		judge = leastAllocations(func() { r.judge(t.Context(), pods, policy, ModeWarn) })
		v := view{review: &r, policy: policy, reader: r.custom}
		return judge, leastAllocations(func() { v.refused(t.Context()) })
	}
	judge, refused := measure(2 * maxTemplates)
	judgeMany, refusedMany := measure(20 * maxTemplates)
	if judgeMany > 2*judge || refusedMany > 2*refused {
		t.Errorf("%v and %v allocations for many, %v and %v for some", judgeMany, refusedMany, judge, refused)
	}
}

func TestWhatIsNotToldOfIsComparedAllTheSame(t *testing.T) {
	t.Parallel()
	// change is an update of an object with many templates that changes the last one.
	change := func(account, image string) Request {
		spec := func(account, image string) string {
			return `"serviceAccountName":"` + account + `","containers":[{"name":"c","image":"` + image + `"}]`
		}
		specs := slices.Repeat([]string{spec("a", "i")}, 2*maxEarly)
		before := tasks(specs...)
		specs[len(specs)-1] = spec(account, image)
		return custom("batch.volcano.sh", "Job", "default", tasks(specs...), update(string(custom("batch.volcano.sh", "Job", "default", before).Object)))
	}
	c := newWorld().controller(t)
	c.setPodGuards(asking(PodGuarding{Workloads: EarlyDeny, Profiles: []Profile{{"p", "g", func(_ pss.Evaluator, s Subject) ([]Violation, []Use, error) {
		account := Finding{Path: "spec.serviceAccountName", Value: pss.StringValue(s.Extra.ServiceAccount), Explicit: true}
		return []Violation{{"account", "account", []Finding{account}}}, nil, nil
	}}}}))
	if d := c.Decide(t.Context(), change("b", "i")); d.Allowed || strings.Count(d.Message, "PodSecurityProfile") != maxEarly {
		t.Errorf("another account: %+v", d)
	}
	if d := c.Decide(t.Context(), change("a", "j")); !d.Allowed {
		t.Errorf("another image: %+v", d)
	}
	if texts := keep(make([]string, maxEarly), []string{strings.Repeat("x", 1000)}); len(texts[maxEarly]) >= 100 {
		t.Errorf("%d bytes are kept", len(texts[maxEarly]))
	}
}

func TestOnlyADeletionTimestampSaysThatAnObjectEnds(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`{"metadata":{"deletionTimestamp":"2026-01-02T03:04:05Z"}}`: true,
		`{"METADATA":{"deletionTimestamp":"2026-01-02T03:04:05Z"}}`: false,
		`{"metadata":{"DeletionTimestamp":"2026-01-02T03:04:05Z"}}`: false,
		`{"metadata":{"deletionTimestamp":null}}`:                   false,
		`{"metadata":{}}`: false,
		`{"metadata":`:    false,
		``:                false,
	} {
		if got := terminating([]byte(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
