package admission

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/workload"
)

// sent is a request as it comes in an AdmissionReview, whose objects are read on the
// way if reads says so.
func sent(t *testing.T, r Request, reads func(*workload.Review) (*workload.Reader, bool)) Request {
	t.Helper()
	raw := func(object []byte) json.RawMessage {
		if len(object) == 0 {
			return json.RawMessage("null")
		}
		return object
	}
	body := fmt.Appendf(nil, `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","kind":{"group":%q,"kind":%q},`+
		`"resource":{"group":%q,"resource":%q},"requestSubResource":%q,"name":%q,"namespace":%q,"operation":%q,"userInfo":{"username":%q},`+
		`"object":%s,"oldObject":%s,"dryRun":%t}}`, r.KindGroup, r.Kind, r.Group, r.Resource, r.Subresource, "x", r.Namespace, r.Operation,
		r.Username, raw(r.Object), raw(r.OldObject), r.DryRun)
	v, err := workload.ReadReview(body, reads)
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	r.Object, r.OldObject, r.ObjectRead, r.OldObjectRead, r.ReadBy = v.Object, v.OldObject, v.ObjectRead, v.OldObjectRead, v.ReadBy
	return r
}

// alsoSent demands that a decision is the same if the objects were read on the way.
func alsoSent(t *testing.T, c *Controller, r Request) {
	t.Helper()
	want := c.Decide(t.Context(), sent(t, r, nil))
	got := c.Decide(t.Context(), sent(t, r, c.Reads))
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b error) bool { return fmt.Sprint(a) == fmt.Sprint(b) })); diff != "" {
		t.Errorf("%s %s.%s/%s in %s by %q of %s (-read alone +read on the way)\n%s",
			r.Operation, r.Resource, r.Group, r.Subresource, r.Namespace, r.Username, r.Object, diff)
	}
}

func TestDecisionsAreTheSameIfObjectsAreReadOnTheWay(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.pods["default"] = nil
	plain, asked, excepting := w.controller(t), w.controller(t), w.controller(t)
	asked.replace(func(s *state) {
		s.podGuards = asking(PodGuarding{
			Floors: []Floor{baselineFloor}, Profiles: []Profile{{"no-mesh", "PodSecurityGuard a", noMesh}}, Workloads: EarlyDeny, Alone: true,
		})
	})
	excepting.setExceptions(sidecar(time.Time{}))
	objects := []string{
		goodPod, hostPod, kataPod, plainPod, meshPod("mesh", ""), hostJob, emptyRC, service, "", "null", "{}", "[]", "1",
		string(namespaceJSON("default", `{"a":"b"}`)), string(namespaceJSON("default", `{"pod-security.kubernetes.io/enforce":"strict"}`)),
		`{"apiVersion":"example.com/v1","kind":"Set","metadata":{"name":"x"},"spec":{"left":` + hostTemplate + `}}`,
	}
	resources := []struct{ group, resource, subresource string }{
		{"", "pods", ""}, {"", "pods", "ephemeralcontainers"}, {"", "pods", "status"}, {"", "pods", "resize"}, {"", "namespaces", ""},
		{"", "namespaces", "finalize"}, {"batch", "jobs", ""}, {"batch", "jobs", "status"}, {"", "replicationcontrollers", ""}, {"example.com", "sets", ""},
	}
	for i, c := range []*Controller{plain, asked, excepting} {
		t.Run([]string{"plain", "with guards", "with exceptions"}[i], func(t *testing.T) {
			t.Parallel()
			for _, resource := range resources {
				for _, namespace := range []string{"default", "exempt", "privileged", "baseline", "restricted", "absent"} {
					for _, operation := range []string{Create, Update, "DELETE"} {
						for n, object := range objects {
							r := Request{
								Operation: operation, Group: resource.group, Resource: resource.resource, Subresource: resource.subresource,
								Kind: "Kind", Namespace: namespace, Username: []string{"ci", "root"}[n%2], Object: []byte(object), OldObject: []byte(objects[(n+1)%len(objects)]),
							}
							alsoSent(t, c, r)
							r.Username, r.OldObject = "ci", []byte(object)
							alsoSent(t, c, r)
						}
					}
				}
			}
		})
	}
}

func TestOnlyWhatIsNeededFirstIsReadOnTheWay(t *testing.T) {
	t.Parallel()
	c := newWorld().controller(t)
	for _, tt := range []struct {
		name string
		r    Request
		want *workload.Reader
	}{
		{"a new pod", Request{Operation: Create, Resource: "pods"}, c.reader},
		{"an update of a pod", Request{Operation: Update, Resource: "pods"}, c.whole},
		{"an update of ephemeral containers", Request{Operation: Update, Resource: "pods", Subresource: "ephemeralcontainers"}, c.whole},
		{"the status of a pod", Request{Operation: Update, Resource: "pods", Subresource: "status"}, nil},
		{"a pod of an exempt namespace", Request{Operation: Create, Resource: "pods", Namespace: "exempt"}, nil},
		{"a pod of an exempt user", Request{Operation: Create, Resource: "pods", Username: "root"}, nil},
		{"a namespace", Request{Operation: Update, Resource: "namespaces", Namespace: "exempt"}, c.reader},
		{"a workload", Request{Operation: Create, Group: "apps", Resource: "deployments"}, c.reader},
		{"the scale of one", Request{Operation: Update, Group: "apps", Resource: "deployments", Subresource: "scale"}, nil},
		{"a custom resource", Request{Operation: Create, Group: "example.com", Resource: "sets"}, nil},
		{"pods of another group", Request{Operation: Create, Group: "example.com", Resource: "pods"}, nil},
		{"a pod where nothing is asked for", Request{Operation: Create, Resource: "pods", Namespace: "privileged"}, nil},
		{"an update of one", Request{Operation: Update, Resource: "pods", Namespace: "privileged"}, nil},
		{"a workload where nothing is asked for", Request{Operation: Create, Group: "apps", Resource: "deployments", Namespace: "privileged"}, nil},
		{"a pod of a namespace that is not known", Request{Operation: Create, Resource: "pods", Namespace: "elsewhere"}, c.reader},
	} {
		tt.r.Object, tt.r.OldObject = []byte(goodPod), []byte(goodPod)
		got := sent(t, tt.r, c.Reads)
		if got.ReadBy != tt.want {
			t.Errorf("%s: read by %p, want %p", tt.name, got.ReadBy, tt.want)
		}
		old := tt.r.Resource == "namespaces" || got.ReadBy == c.whole
		if (got.ObjectRead != nil) != (tt.want != nil) || (got.OldObjectRead != nil) != (old && tt.want != nil) {
			t.Errorf("%s: read %v and the old one %v", tt.name, got.ObjectRead, got.OldObjectRead)
		}
	}
	c.replace(func(s *state) { s.podGuards = asking(PodGuarding{}) })
	if got := sent(t, Request{Operation: Create, Resource: "pods", Namespace: "privileged", Object: []byte(goodPod)}, c.Reads); got.ReadBy != c.reader {
		t.Errorf("a pod that a guard may ask something of: read by %p, want %p", got.ReadBy, c.reader)
	}
}
