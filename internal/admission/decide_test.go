package admission

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const (
	goodPod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"securityContext":{"runAsNonRoot":true,
		"seccompProfile":{"type":"RuntimeDefault"}},"containers":[{"name":"c","image":"i","securityContext":{
		"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}}}]}}`
	hostPod  = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"hostPID":true,"containers":[{"name":"c","image":"i"}]}}`
	plainPod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}`
	kataPod  = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"runtimeClassName":"kata","hostPID":true,"containers":[]}}`
	hostJob  = `{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j"},"spec":{"template":` + hostTmpl + `}}`
	hostTmpl = `{"spec":{"hostPID":true,"containers":[{"name":"c","image":"i"}]}}`
	emptyRC  = `{"apiVersion":"v1","kind":"ReplicationController","metadata":{"name":"r"},"spec":{}}`
	service  = `{"apiVersion":"v1","kind":"Service","metadata":{"name":"s"}}`

	restrictedDetail = `host namespaces (hostPID=true), allowPrivilegeEscalation != false (container "c" must set ` +
		`securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "c" must set ` +
		`securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "c" must set ` +
		`securityContext.runAsNonRoot=true), seccompProfile (pod or container "c" must set securityContext.seccompProfile.type ` +
		`to "RuntimeDefault" or "Localhost")`
	brokenLabel = `metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted`
)

// pod and job make requests; change may alter them.
func pod(operation, namespace, object string, change ...func(*Request)) Request {
	r := Request{
		Operation: operation, Resource: "pods", Kind: "Pod", Namespace: namespace, Name: "p", Username: "jane", Object: []byte(object),
	}
	for _, f := range change {
		f(&r)
	}
	return r
}

func job(namespace, object string, change ...func(*Request)) Request {
	return pod(Create, namespace, object, append([]func(*Request){func(r *Request) {
		r.Group, r.Resource, r.Kind = "batch", "jobs", "Job"
	}}, change...)...)
}

func subresource(name string) func(*Request) { return func(r *Request) { r.Subresource = name } }
func by(username string) func(*Request)      { return func(r *Request) { r.Username = username } }
func old(object string) func(*Request)       { return func(r *Request) { r.OldObject = []byte(object) } }
func unnamed(r *Request)                     { r.Name = "" }

// note is a Decision that allows with annotations, given as key and value.
func note(pairs ...string) Decision {
	d := Decision{Allowed: true}
	for pair := range slices.Chunk(pairs, 2) {
		d.Annotations = append(d.Annotations, Annotation{pair[0], pair[1]})
	}
	return d
}

// bad is a Decision that refuses an object that cannot be read.
func bad(message, annotation string) Decision {
	return Decision{
		Code: 400, Reason: "BadRequest", Message: message, Annotations: []Annotation{{"error", annotation}},
	}
}

// forbidden is a Decision that refuses a pod.
func forbidden(message string, pairs ...string) Decision {
	d := note(pairs...)
	d.Allowed, d.Code, d.Reason, d.Message = false, 403, "Forbidden", message
	d.Details = Details{Kind: "pods", Name: "p"}
	return d
}

type decideTest struct {
	name   string
	req    Request
	want   Decision
	events []string
}

func TestPods(t *testing.T) {
	t.Parallel()
	const (
		restricted = `violates PodSecurity "restricted:latest": ` + restrictedDetail
		would      = `would violate PodSecurity "restricted:latest": ` + restrictedDetail
		deny       = "deny enforce restricted:latest create pod"
		denyAudit  = "deny audit restricted:latest create pod"
	)
	runDecideTests(t, []decideTest{
		// Ignored subresources.
		{name: "status of pods does not matter", req: pod(Update, "gone", "", subresource("status")), want: note()},
		// Exemptions, in their order.
		{
			"an exempt namespace comes before an exempt user and need not exist", pod(Create, "absent", "x", by("root")),
			note("exempt", "namespace"), []string{"exempt create pod"},
		},
		{
			"an exempt user need not have a namespace that exists", pod(Update, "gone", "x", by("root"), subresource("resize")),
			note("exempt", "user"), []string{"exempt update pod/resize"},
		},
		// The namespace.
		{
			"a namespace that cannot be found refuses", pod(Create, "gone", goodPod),
			Decision{
				Code: 500, Reason: "InternalError", Message: `Internal error occurred: failed to lookup namespace "gone"`,
				Details:     Details{Causes: []Cause{{Message: `failed to lookup namespace "gone"`}}},
				Annotations: []Annotation{{"error", `Internal error occurred: failed to lookup namespace "gone": no such namespace`}},
				Err:         errLookup,
			}, []string{"error fatal=true create pod"},
		},
		{
			"a privileged namespace does not read the pod", pod(Create, "default", "no JSON"),
			note("enforce-policy", "privileged:latest"), []string{"allow enforce privileged:latest create pod"},
		},
		{
			"a privileged namespace is latest whatever its version", pod(Update, "privileged", "no JSON"),
			note("enforce-policy", "privileged:latest"), []string{"allow enforce privileged:latest update pod"},
		},
		// The object.
		{"no pod is refused", pod(Create, "restricted", ""), bad("failed to decode pod", "failed to decode pod"), []string{"error fatal=true create pod"}},
		{"a null is refused", pod(Create, "restricted", "null"), bad("failed to decode pod", "failed to decode pod"), []string{"error fatal=true create pod"}},
		{"another kind is refused", pod(Create, "restricted", service), bad("failed to decode pod", "failed to decode pod"), []string{"error fatal=true create pod"}},
		{
			"a pod that is deleted is refused", pod("DELETE", "restricted", "", old(goodPod)),
			bad("failed to decode pod", "failed to decode pod"), []string{"error fatal=true delete pod"},
		},
		{
			"an unknown subresource and operation are judged, and counted as other", pod("PATCH", "restricted", service, subresource("evil0")),
			bad("failed to decode pod", "failed to decode pod"), []string{"error fatal=true other pod/other"},
		},
		{
			"an update without the old pod is refused", pod(Update, "restricted", goodPod),
			bad("failed to decode old pod", "failed to decode old pod"), []string{"error fatal=true update pod"},
		},
		{
			"an update that changes nothing is not judged", pod(Update, "restricted", hostPod, old(hostPod)), note(), nil,
		},
		// The judgement.
		{
			"an exempt runtime class wins over broken labels", pod(Create, "broken", kataPod),
			note("exempt", "runtimeClass"), []string{"exempt create pod"},
		},
		{
			"a good pod is allowed", pod(Create, "restricted", goodPod),
			note("enforce-policy", "restricted:latest"), []string{"allow enforce restricted:latest create pod"},
		},
		{
			"a bad pod is refused, and its audit says so too", pod(Create, "restricted", hostPod),
			forbidden(`pods "p" is forbidden: `+restricted, "audit-violations", would, "enforce-policy", "restricted:latest"),
			[]string{deny, denyAudit},
		},
		{
			"a bad pod without a name is refused", pod(Create, "restricted", hostPod, unnamed),
			func() Decision {
				d := forbidden("pods is forbidden: "+restricted, "audit-violations", would, "enforce-policy", "restricted:latest")
				d.Details.Name = ""
				return d
			}(),
			[]string{deny, denyAudit},
		},
		{
			"broken labels enforce restricted, and warn nobody who is refused", pod(Create, "broken", hostPod),
			forbidden(`pods "p" is forbidden: `+restricted, "enforce-policy", "restricted:latest", "error", "Failed to parse policy: "+brokenLabel),
			[]string{"error fatal=false create pod", deny},
		},
		{
			"a pod that passes is audited and its client warned", pod(Create, "baseline", plainPod),
			func() Decision {
				d := note("audit-violations", "would violate PodSecurity \"restricted:latest\": "+restrictedDetail[len("host namespaces (hostPID=true), "):],
					"enforce-policy", "baseline:v1.20")
				d.Warnings = []string{d.Annotations[0].Value}
				return d
			}(),
			[]string{"allow enforce baseline:v1.20 create pod", denyAudit, "deny warn restricted:latest create pod"},
		},
		{
			"a version that the API server does not know is counted as future", pod(Create, "audited", hostPod),
			note("audit-violations", `would violate PodSecurity "baseline:v1.99": host namespaces (hostPID=true)`, "enforce-policy", "privileged:latest"),
			[]string{"allow enforce privileged:latest create pod", "deny audit baseline:future create pod"},
		},
	})
}

func TestSubresourcesOfPods(t *testing.T) {
	t.Parallel()
	for subresources, want := range map[string]bool{
		"exec attach binding eviction log portforward proxy status": true,
		"ephemeralcontainers resize new Status":                     false,
	} {
		for name := range strings.FieldsSeq(subresources) {
			d := newWorld().controller(t).Decide(t.Context(), pod(Create, "gone", "", subresource(name)))
			if d.Allowed != want {
				t.Errorf("%s is allowed: %t", name, d.Allowed)
			}
		}
	}
}

func TestWorkloads(t *testing.T) {
	t.Parallel()
	const host = "host namespaces (hostPID=true)"
	warned := note()
	warned.Warnings = []string{`would violate PodSecurity "restricted:latest": ` + restrictedDetail}
	audited := note("audit-violations", `would violate PodSecurity "restricted:latest": `+restrictedDetail)
	audited.Warnings = warned.Warnings
	broken := note("error", "Failed to parse policy: "+brokenLabel)
	broken.Warnings = []string{`would violate PodSecurity "baseline:latest": ` + host}
	runDecideTests(t, []decideTest{
		{name: "a subresource does not matter", req: job("gone", "", subresource("scale")), want: note()},
		{"an exempt namespace", job("exempt", "x"), note("exempt", "namespace"), []string{"exempt create controller"}},
		{"an exempt user", job("gone", "x", by("root")), note("exempt", "user"), []string{"exempt create controller"}},
		{
			"a namespace that cannot be found allows", job("gone", hostJob),
			withErr(note("error", `failed to lookup namespace "gone": no such namespace`), errLookup), []string{"error fatal=true create controller"},
		},
		{
			"a namespace that only audits reads the object", job("audited", hostJob),
			note("audit-violations", `would violate PodSecurity "baseline:v1.99": `+host), []string{"deny audit baseline:future create controller"},
		},
		{name: "a namespace that neither warns nor audits does not read the object", req: job("enforcing", "no JSON"), want: note()},
		{
			"another kind allows", job("restricted", service),
			withErr(note("error", "failed to extract pod template: unexpected object type: /v1, Kind=Service"), errAny), []string{"error fatal=true create controller"},
		},
		{
			"no object allows", job("restricted", ""),
			withErr(note("error", "failed to extract pod template: unexpected object type: none"), errAny), []string{"error fatal=true create controller"},
		},
		{name: "a ReplicationController without a template is allowed silently", req: job("restricted", emptyRC), want: note()},
		{
			"an exempt runtime class", job("restricted", `{"apiVersion":"batch/v1","kind":"Job","spec":{"template":{"spec":{"runtimeClassName":"kata"}}}}`),
			note("exempt", "runtimeClass"), []string{"exempt create controller"},
		},
		{
			"a bad template is audited and warned of, never refused", job("restricted", hostJob), audited,
			[]string{"deny audit restricted:latest create controller", "deny warn restricted:latest create controller"},
		},
		{
			"broken labels are noted", job("broken", hostJob), broken,
			[]string{"error fatal=false create controller", "deny warn baseline:latest create controller"},
		},
	})
}

// errAny stands for an error whose text is in the annotation.
var errAny = errors.New("any")

func withErr(d Decision, err error) Decision {
	d.Err = err
	return d
}

func TestEveryBuiltInKindIsRead(t *testing.T) {
	t.Parallel()
	objects := map[string]string{
		"podtemplates":           `{"apiVersion":"v1","kind":"PodTemplate","template":` + hostTmpl + `}`,
		"replicationcontrollers": `{"apiVersion":"v1","kind":"ReplicationController","spec":{"template":` + hostTmpl + `}}`,
		"replicasets":            `{"apiVersion":"apps/v1","kind":"ReplicaSet","spec":{"template":` + hostTmpl + `}}`,
		"deployments":            `{"apiVersion":"apps/v1","kind":"Deployment","spec":{"template":` + hostTmpl + `}}`,
		"statefulsets":           `{"apiVersion":"apps/v1","kind":"StatefulSet","spec":{"template":` + hostTmpl + `}}`,
		"daemonsets":             `{"apiVersion":"apps/v1","kind":"DaemonSet","spec":{"template":` + hostTmpl + `}}`,
		"jobs":                   hostJob,
		"cronjobs":               `{"apiVersion":"batch/v1","kind":"CronJob","spec":{"jobTemplate":{"spec":{"template":` + hostTmpl + `}}}}`,
		"gadgets":                hostPod, // the object's kind counts
	}
	want := []string{`would violate PodSecurity "restricted:latest": ` + restrictedDetail}
	for resource, object := range objects {
		t.Run(resource, func(t *testing.T) {
			t.Parallel()
			d := newWorld().controller(t).Decide(t.Context(), job("restricted", object, func(r *Request) { r.Resource = resource }))
			if diff := cmp.Diff(want, d.Warnings); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func runDecideTests(t *testing.T, tests []decideTest) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			got := w.controller(t).Decide(t.Context(), tt.req)
			if errors.Is(tt.want.Err, errAny) && got.Err != nil {
				got.Err = errAny
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty(), cmpopts.EquateErrors()); diff != "" {
				t.Errorf("decision (want -, got +):\n%s", diff)
			}
			if diff := cmp.Diff(tt.events, w.events); diff != "" {
				t.Errorf("metrics (want -, got +):\n%s", diff)
			}
		})
	}
}

func TestAPodThatNobodyWaitsForIsNotJudged(t *testing.T) {
	t.Parallel()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	req := Request{Operation: Create, Resource: podsResource, Namespace: "restricted", Name: "p", Kind: "Pod",
		Object: []byte(`{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"a"}]}}`)}
	d := newWorld().controller(t).Decide(over, req)
	if want := `pods "p" is forbidden: violates PodSecurity "restricted:latest": not judged: the time of the request is over`; d.Allowed || d.Message != want {
		t.Errorf("allowed %v: %q", d.Allowed, d.Message)
	}
}
