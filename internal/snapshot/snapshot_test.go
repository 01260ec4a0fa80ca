package snapshot_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/snapshot"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
	"github.com/gabion-security/gabion/workload/typed"
)

// file writes a snapshot of some items.
func file(t testing.TB, items ...workload.Item) []byte {
	t.Helper()
	var w snapshot.Writer
	for i := range items {
		w.Add(&items[i])
	}
	return written(t, &w)
}

func written(t testing.TB, w *snapshot.Writer) []byte {
	t.Helper()
	var out bytes.Buffer
	n, err := w.WriteTo(&out)
	if err != nil {
		t.Fatal(err)
	}
	if n != int64(out.Len()) {
		t.Errorf("WriteTo says %d bytes, and wrote %d", n, out.Len())
	}
	return out.Bytes()
}

// read reads a snapshot, with what only profiles look at or without.
func read(t testing.TB, extra bool, text []byte) *inventory.Inventory {
	t.Helper()
	b := inventory.NewBuilder("")
	b.Extra = extra
	if err := snapshot.Read(bytes.NewReader(text), b); err != nil {
		t.Fatal(err)
	}
	return b.Build()
}

// built builds an inventory of the items themselves.
func built(extra bool, items ...workload.Item) *inventory.Inventory {
	b := inventory.NewBuilder("")
	b.Extra = extra
	for i := range items {
		b.Add(&items[i])
	}
	return b.Build()
}

// fill gives everything in a value something at random: pointers, lists and maps
// too, of which some stay empty.
func fill(r *rand.Rand, v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Pointer:
		if depth > 0 && r.IntN(4) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(r, v.Elem(), depth-1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(r, v.Field(i), depth-1)
			}
		}
	case reflect.Slice:
		if n := r.IntN(3); depth > 0 && n > 0 && v.Type().Elem().Kind() != reflect.Uint8 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				fill(r, v.Index(i), depth-1)
			}
		}
	case reflect.Map:
		if v.Type() == reflect.TypeFor[corev1.ResourceList]() {
			name := []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, "gpu"}[r.IntN(3)]
			v.Set(reflect.ValueOf(corev1.ResourceList{name: *resource.NewQuantity(int64(r.IntN(9)), resource.DecimalSI)}))
			return
		}
		if v.Type().Key().Kind() == reflect.String && v.Type().Elem().Kind() == reflect.String {
			m := reflect.MakeMap(v.Type())
			m.SetMapIndex(reflect.ValueOf(word(r)).Convert(v.Type().Key()), reflect.ValueOf(word(r)).Convert(v.Type().Elem()))
			v.Set(m)
		}
	case reflect.String:
		v.SetString(word(r))
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Int32, reflect.Int64:
		v.SetInt(int64(r.IntN(9)))
	default: // nothing that a pod is made of
	}
}

func word(r *rand.Rand) string {
	words := []string{"", "a", "spec", `,"spec":{`, "\u2028<é>", "Localhost", "hostPath"}
	return words[r.IntN(len(words))]
}

// randomPod is a pod in which anything may be anything.
func randomPod(r *rand.Rand) *corev1.Pod {
	pod := new(corev1.Pod)
	fill(r, reflect.ValueOf(&pod.Spec).Elem(), 12)
	pod.Labels = map[string]string{"spec": word(r), "templates": word(r)}
	if r.IntN(2) == 0 {
		pod.Annotations = map[string]string{pss.SeccompPodAnnotation: word(r), pss.AppArmorAnnotationPrefix + "a": word(r), workload.PodSecurityPolicyAnnotation: word(r)}
	}
	return pod
}

func TestWhatIsReadFromASnapshotIsWhatWasPutIn(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // no secret
	stored := workload.Options{Stored: true, Extra: true}
	for n := range 300 {
		pod := randomPod(r)
		own := typed.Pod(pod, stored)
		template := typed.Template(&metav1.ObjectMeta{Annotations: pod.Annotations}, &pod.Spec, stored)
		at := func(path string) []workload.Template {
			t := template
			t.Path = path
			return []workload.Template{t}
		}
		item := func(apiVersion, kind string, templates []workload.Template) workload.Item {
			return workload.Item{
				Outcome: workload.Read, Templates: templates, Controller: workload.Owner{APIVersion: "v1", Kind: "X", Name: `","spec":{`},
				Object: workload.Object{APIVersion: apiVersion, Kind: kind, Namespace: "ns", Name: "n"},
			}
		}
		custom := item("example.com/v1", "Thing", append(at("spec.a[0]"), at("spec.b")...))
		custom.Templates[1].Partial = true
		items := []workload.Item{
			item("v1", "Pod", []workload.Template{own}), item("v1", "PodTemplate", at("template")),
			item("apps/v1", "Deployment", at("spec.template")), item("batch/v1", "CronJob", at("spec.jobTemplate.spec.template")), custom,
			{Object: workload.Object{APIVersion: "v1", Kind: "Namespace", Name: "ns"}, Labels: map[string]string{"templates": "x"}},
		}
		for _, extra := range []bool{false, true} {
			put, got := built(extra, items...), read(t, extra, file(t, items...))
			if reflect.DeepEqual(put, got) { // which takes no time
				continue
			}
			if diff := cmp.Diff(put, got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("seed %d, pod %d: put in (-), read (+):\n%s", seed, n, diff)
			}
		}
	}
}

func TestAPodIsWrittenWithAllThatWasReadOfIt(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // no secret
	stored := workload.Options{Stored: true, Extra: true}
	reader, err := workload.NewReader(stored)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 300 {
		want := typed.Pod(randomPod(r), stored)
		text, err := snapshot.Pod(&want)
		if err != nil {
			t.Fatal(err)
		}
		item := reader.ReadObject(text)
		if item.Err != nil {
			t.Fatal(item.Err)
		}
		ignore := cmpopts.IgnoreUnexported(workload.Template{})
		if diff := cmp.Diff(want, item.Templates[0], ignore, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("seed %d, pod %d: put in (-), read (+):\n%s", seed, n, diff)
		}
	}
}

func TestPodsThatDifferInWhatAdmittedThemOnlyAreReadApart(t *testing.T) {
	t.Parallel()
	var items []workload.Item
	want := []string{"", "a", "b", "a", ""}
	for i, policy := range want {
		pod := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c"}}}}
		if policy != "" {
			pod.Annotations = map[string]string{workload.PodSecurityPolicyAnnotation: policy}
		}
		items = append(items, workload.Item{
			Outcome: workload.Read, Templates: []workload.Template{typed.Pod(pod, workload.Options{Stored: true, Extra: true})},
			Object: workload.Object{APIVersion: "v1", Kind: "Pod", Namespace: "ns", Name: fmt.Sprint(i)},
		})
	}
	pods := read(t, true, file(t, items...)).Namespaces[0].Pods
	var got []string
	for i := range pods {
		got = append(got, pods[i].View.Extra.PodSecurityPolicy)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if pods[0].View != pods[4].View || pods[1].View != pods[3].View {
		t.Error("equal pods do not share their view")
	}
}

func TestASnapshotSaysOfWhichClusterItIs(t *testing.T) {
	t.Parallel()
	want := inventory.Cluster{Address: "https://10.0.0.1:6443", UID: "u"}
	var w snapshot.Writer
	w.Rest.Cluster = want
	if got := read(t, false, written(t, &w)).Cluster; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestASnapshotCanBeReadUnpacked(t *testing.T) {
	t.Parallel()
	whole := file(t, workload.Item{
		Outcome: workload.Read, Templates: []workload.Template{{}},
		Object: workload.Object{APIVersion: "v1", Kind: "Pod", Namespace: "ns", Name: "n"},
	})
	text := unzip(t, whole)
	if diff := cmp.Diff(read(t, false, whole), read(t, false, []byte(text))); diff != "" {
		t.Errorf("(-packed +unpacked):\n%s", diff)
	}
	if err := snapshot.Read(strings.NewReader(text[:len(text)-4]), inventory.NewBuilder("")); err == nil {
		t.Error("half of it was read")
	}
}

func TestAFileThatIsNoWholeSnapshotIsOneClearLine(t *testing.T) {
	t.Parallel()
	whole := file(t, workload.Item{
		Outcome: workload.Read, Templates: []workload.Template{{}},
		Object: workload.Object{APIVersion: "v1", Kind: "Pod", Namespace: "ns", Name: "n"},
	})
	text := unzip(t, whole)
	zip := func(text string) []byte {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		_, _ = io.WriteString(w, text)
		_ = w.Close()
		return out.Bytes()
	}
	damaged := bytes.Clone(whole)
	damaged[len(damaged)-8] ^= 1 // the checksum
	const foreign, cutOff = "this is no snapshot of a cluster", "the snapshot is not complete"
	for _, tt := range []struct {
		name string
		file []byte
		want string
	}{
		{"nothing", nil, foreign},
		{"text", []byte("apiVersion: v1\n"), foreign},
		{"another file in gzip", zip("hello\n"), foreign},
		{"a long one", zip(strings.Repeat("x", 1<<20)), foreign},
		{"another object", zip(`{"apiVersion":"v1","kind":"Pod"}` + "\n"), foreign},
		{"another form", zip(strings.Replace(text, "v1alpha1", "v2", 1)), "take it again"},
		{"its beginning", whole[:len(whole)-9], cutOff},
		{"the header of gzip", whole[:9], cutOff},
		{"a line too few", zip(text[:strings.LastIndex(strings.TrimSpace(text), "\n")+1]), cutOff},
		{"half a line", zip(text[:len(text)-4]), cutOff},
		{"a damaged one", damaged, "the snapshot is damaged"},
		{"an unknown object", zip(strings.Replace(text, `"kind":"Pod"`, `"kind":"Service"`, 1)), "nobody knows what this is"},
		{"a broken pod", zip(strings.Replace(text, `"spec":{`, `"spec":{"hostPID":3`, 1)), "hostPID"},
		{"a line that is no JSON", zip(strings.Replace(text, `"metadata"`, `metadata`, 1)), "a line is no object"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := snapshot.Read(bytes.NewReader(tt.file), inventory.NewBuilder(""))
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, tt.want)
			}
		})
	}
}

func unzip(t testing.TB, file []byte) string {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// large is a snapshot of many pods, as a cluster has them: replicas of a few
// workloads in every namespace.
func large(b *testing.B, namespaces, workloads, replicas int) []byte {
	b.Helper()
	var w snapshot.Writer
	for n := range namespaces {
		namespace := fmt.Sprintf("team-%04d", n)
		w.Add(&workload.Item{Object: workload.Object{APIVersion: "v1", Kind: "Namespace", Name: namespace}, Labels: map[string]string{"team": namespace}})
		for d := range workloads {
			name := fmt.Sprintf("app-%d-%d", n, d) // no two are alike
			spec := corev1.PodSpec{
				ServiceAccountName: name, SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: new(true)},
				Volumes:    []corev1.Volume{{Name: "kube-api-access", VolumeSource: corev1.VolumeSource{Projected: new(corev1.ProjectedVolumeSource)}}},
				Containers: []corev1.Container{{Name: name, Image: "registry.example.com/team/" + name + ":1.2.3"}, {Name: "proxy", Image: "registry.example.com/proxy:2"}},
			}
			meta := metav1.ObjectMeta{Labels: map[string]string{"app": name, "pod-template-hash": "75c8f5c5d"}}
			stored := workload.Options{Stored: true, Extra: true}
			t := typed.Template(&meta, &spec, stored)
			t.Path = "spec.template"
			w.Add(&workload.Item{
				Outcome: workload.Read, Templates: []workload.Template{t},
				Object: workload.Object{APIVersion: "apps/v1", Kind: "Deployment", Namespace: namespace, Name: name},
			})
			for r := range replicas {
				pod := typed.Pod(&corev1.Pod{ObjectMeta: meta, Spec: spec}, stored)
				w.Add(&workload.Item{
					Outcome: workload.Read, Templates: []workload.Template{pod},
					Object:     workload.Object{APIVersion: "v1", Kind: "Pod", Namespace: namespace, Name: fmt.Sprintf("%s-75c8f5c5d-%05d", name, r)},
					Controller: workload.Owner{APIVersion: "apps/v1", Kind: "Deployment", Name: name},
				})
			}
		}
	}
	return written(b, &w)
}

func BenchmarkReadingASnapshotOf150000Pods(b *testing.B) {
	const namespaces, workloads, replicas = 5000, 6, 5
	text := large(b, namespaces, workloads, replicas)
	b.ReportAllocs()
	for b.Loop() {
		if i := read(b, false, text); len(i.Namespaces) != namespaces {
			b.Fatalf("got %d namespaces", len(i.Namespaces))
		}
	}
	b.ReportMetric(float64(len(text))/(namespaces*workloads*replicas), "bytes/pod")
}
