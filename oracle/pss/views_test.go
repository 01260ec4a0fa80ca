package pss

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	sigsjson "sigs.k8s.io/json"
)

// decodeJSON decodes as the API server does.
func decodeJSON(t testing.TB, data []byte, into any) {
	t.Helper()
	if err := sigsjson.UnmarshalCaseSensitivePreserveInts(data, into); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
}

// newObject returns an empty object of the type, and nil for types that are not
// built in or have no pod template.
func newObject(m metav1.TypeMeta) runtime.Object {
	switch m.APIVersion + " " + m.Kind {
	case "v1 Pod":
		return &corev1.Pod{}
	case "v1 PodTemplate":
		return &corev1.PodTemplate{}
	case "v1 ReplicationController":
		return &corev1.ReplicationController{}
	case "apps/v1 ReplicaSet":
		return &appsv1.ReplicaSet{}
	case "apps/v1 Deployment":
		return &appsv1.Deployment{}
	case "apps/v1 StatefulSet":
		return &appsv1.StatefulSet{}
	case "apps/v1 DaemonSet":
		return &appsv1.DaemonSet{}
	case "batch/v1 Job":
		return &batchv1.Job{}
	case "batch/v1 CronJob":
		return &batchv1.CronJob{}
	}
	return nil
}

// readers keeps the readers of options without paths: making one costs more
// than reading an object.
var readers sync.Map

func newReader(t testing.TB, o workload.Options) *workload.Reader {
	t.Helper()
	key := [2]bool{o.Stored, o.Extra}
	if r, ok := readers.Load(key); ok {
		return r.(*workload.Reader) //nolint:forcetypeassert // the map holds nothing else
	}
	r, err := workload.NewReader(o)
	if err != nil {
		t.Fatal(err)
	}
	readers.Store(key, r)
	return r
}

// readJSON reads an object with one template by way of Gabion's JSON reader.
func readJSON(t testing.TB, data []byte, o workload.Options) workload.Template {
	t.Helper()
	return onlyTemplate(t, data, newReader(t, o).ReadObject(data))
}

// readYAML does the same by way of its reader of files.
func readYAML(t testing.TB, data []byte, o workload.Options) workload.Template {
	t.Helper()
	items := slices.Collect(newReader(t, o).Read("test.yaml", bytes.NewReader(data)))
	if len(items) != 1 {
		t.Fatalf("%d objects in %s", len(items), data)
	}
	return onlyTemplate(t, data, items[0])
}

func onlyTemplate(t testing.TB, data []byte, item workload.Item) workload.Template {
	t.Helper()
	if item.Outcome != workload.Read || len(item.Templates) != 1 {
		t.Fatalf("outcome %v (%v), %d templates in %s", item.Outcome, item.Err, len(item.Templates), data)
	}
	return item.Templates[0]
}

// sameView fails the test unless both templates are equal, but for where they
// came from.
func sameView(t testing.TB, about string, got, want workload.Template) {
	t.Helper()
	got.Extra, want.Extra = canonical(got.Extra), canonical(want.Extra)
	type view struct {
		Path, RuntimeClass string
		Partial            bool
		Pod                pss.Pod
		Extra              *workload.Extra
	}
	a := view{got.Path, got.RuntimeClass, got.Partial, got.Pod, got.Extra}
	b := view{want.Path, want.RuntimeClass, want.Partial, want.Pod, want.Extra}
	if reflect.DeepEqual(a, b) {
		return
	}
	if diff := cmp.Diff(b, a, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%s\ntyped view (-), Gabion's from text (+):\n%s", about, diff)
	}
}

// canonical returns a copy with quantities in the form that typed objects give
// them, since they do not remember how they were written.
func canonical(x *workload.Extra) *workload.Extra {
	if x == nil {
		return nil
	}
	c := *x
	c.Containers = slices.Clone(x.Containers)
	limits := []*pss.Opt[string]{&c.CPULimit, &c.MemoryLimit}
	for i := range c.Containers {
		limits = append(limits, &c.Containers[i].CPULimit, &c.Containers[i].MemoryLimit)
	}
	for _, limit := range limits {
		if q, err := resource.ParseQuantity(strings.TrimSpace(limit.Value)); err == nil {
			limit.Value = q.String()
		}
	}
	return &c
}
