package admission

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

func TestUpdatesThatMatter(t *testing.T) {
	t.Parallel()
	const (
		a, b = `{"name":"a","image":"1"}`, `{"name":"b","image":"2"}`
		a2   = `{"name":"a","image":"2"}`
	)
	spec := func(containers, init, ephemeral string) string {
		return `{"apiVersion":"v1","kind":"Pod","spec":{"hostPID":true,"containers":[` + containers + `],"initContainers":[` + init +
			`],"ephemeralContainers":[` + ephemeral + `]}}`
	}
	tests := []struct {
		name     string
		now, old string
		want     bool
	}{
		{"nothing changes", spec(a, b, a), spec(a, b, a), false},
		{"what is not an image changes", spec(`{"name":"z","image":"1","securityContext":{"privileged":true}}`, "", ""), spec(a, "", ""), false},
		{"the pod's own settings change", spec(a, "", ""), `{"apiVersion":"v1","kind":"Pod","spec":{"containers":[` + a + `]}}`, false},
		{"an image changes", spec(a2, "", ""), spec(a, "", ""), true},
		{"an init container's image changes", spec(a, a2, ""), spec(a, a, ""), true},
		{"images change places", spec(a+","+b, "", ""), spec(b+","+a, "", ""), true},
		{"a container comes", spec(a+","+b, "", ""), spec(a, "", ""), true},
		{"a container goes", spec(a, "", ""), spec(a+","+b, "", ""), true},
		{"an init container comes", spec(a, b, ""), spec(a, "", ""), true},
		{"an init container goes", spec(a, "", ""), spec(a, b, ""), true},
		{"an ephemeral container comes", spec(a, "", a), spec(a, "", ""), true},
		{"an ephemeral container goes", spec(a, "", ""), spec(a, "", a), false},
		{"ephemeral containers change places", spec(a, "", a+","+b), spec(a, "", b+","+a), false},
		{"an ephemeral container gets another name", spec(a, "", `{"name":"z","image":"1"}`), spec(a, "", a), true},
		{"an ephemeral container gets another image", spec(a, "", a2), spec(a, "", a), true},
		{"a container moves from one list to another", spec(a, "", ""), spec("", a, ""), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newWorld().controller(t).Decide(t.Context(), pod(Update, "restricted", tt.now, old(tt.old), subresource("ephemeralcontainers")))
			if judged := len(d.Annotations) > 0; judged != tt.want {
				t.Errorf("judged is %t, want %t: %+v", judged, tt.want, d)
			}
		})
	}
}

// joined is a pod with ephemeral containers.
func joined(containers ...containerImage) *workload.Template {
	t := &workload.Template{Extra: new(workload.Extra)}
	for i, c := range containers {
		t.Pod.Containers = append(t.Pod.Containers, pss.Container{Name: c.name, Kind: pss.EphemeralContainer, Index: i})
		t.Extra.Containers = append(t.Extra.Containers, workload.ContainerExtra{Image: c.image})
	}
	return t
}

// The first one of a name says which image it had.
func TestTheFirstContainerOfANameSaysWhichImageItHad(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		list := func(longest int) []containerImage {
			all := make([]containerImage, r.IntN(longest))
			for i := range all {
				if name := r.IntN(40); name > 0 { // else it is empty
					all[i].name = fmt.Sprint(name)
				}
				all[i].image = "ab"[:r.IntN(3)]
			}
			return all
		}
		before, now := list(48), list(6)
		had := func(c containerImage) bool {
			at := slices.IndexFunc(before, func(b containerImage) bool { return b.name == c.name })
			return at >= 0 && before[at].image == c.image
		}
		want := slices.ContainsFunc(now, func(c containerImage) bool { return !had(c) })
		if got := significant(joined(now...), joined(before...)); got != want {
			t.Fatalf("significant is %t: %q after %q", got, now, before)
		}
	}
}

func TestToFindAnImageTakesTheSameAmongMany(t *testing.T) {
	t.Parallel()
	growsWithItsSize(t, 300, func(size int) func() {
		all := make([]containerImage, size)
		for i := range all {
			all[i].name = fmt.Sprintf("%06d", i)
		}
		before := imagesBefore(joined(all...))
		return func() {
			for _, c := range all {
				if !before.had(c) {
					t.Errorf("%q is not found", c.name)
				}
			}
		}
	})
}

// What cannot be read is refused for pods, and noted for workloads.
func TestUnreadableObjects(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, object string }{
		{"truncated", goodPod[:40]},
		{"no object", `[]`},
		{"text after the object", goodPod + "x"},
		{"a wrong type", `{"apiVersion":"v1","kind":"Pod","spec":{"containers":5}}`},
		{"a number that is none", `{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"ports":[{"hostPort":1.5}]}]}}`},
		{"a key that comes twice", `{"apiVersion":"v1","kind":"Pod","spec":{"containers":[],"hostPID":true,"hostPID":false}}`},
		{"a spec that comes twice", `{"apiVersion":"v1","kind":"Pod","spec":{"hostPID":true,"containers":[]},"spec":{"containers":[]}}`},
		{"no type", `{"spec":{"containers":[]}}`},
		{"half a type", `{"kind":"Pod","spec":{"containers":[]}}`},
		{"no spec", `{"apiVersion":"v1","kind":"Pod"}`},
		{"invalid UTF-8", "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"spec\":{\"containers\":[{\"name\":\"\xff\"}]}}"},
		{"a kind of another group", `{"apiVersion":"example.com/v1","kind":"Pod","spec":{"containers":[]}}`},
		{"a version that is gone", `{"apiVersion":"extensions/v1beta1","kind":"Deployment","spec":{"template":{"spec":{"containers":[]}}}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newWorld().controller(t)
			for which, r := range map[string]Request{
				"":     pod(Create, "restricted", tt.object),
				"old ": pod(Update, "restricted", goodPod, old(tt.object)),
			} {
				d := c.Decide(t.Context(), r)
				if d.Allowed || d.Code != 400 || d.Message != "failed to decode "+which+"object" || d.Err == nil {
					t.Errorf("a pod gets %+v", d)
				}
			}
			if d := c.Decide(t.Context(), job("restricted", tt.object)); !d.Allowed || d.Err == nil || len(d.Annotations) != 1 {
				t.Errorf("a workload gets %+v", d)
			}
			if d := c.Decide(t.Context(), pod(Create, "restricted", tt.object, func(r *Request) { r.Resource = "namespaces" })); d.Allowed || d.Code != 400 {
				t.Errorf("a namespace gets %+v", d)
			}
		})
	}
}
