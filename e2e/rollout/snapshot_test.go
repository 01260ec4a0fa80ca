package rollout_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/e2e/binaries"
	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/snapshot"
)

const everything = cluster.Pods | cluster.Access | cluster.Policies

// live lists a cluster.
func live(t *testing.T, config *rest.Config, o cluster.ListOptions) *inventory.Inventory {
	t.Helper()
	b := inventory.NewBuilder("")
	if err := cluster.List(t.Context(), config, o, &b.Inventory, b.Add); err != nil {
		t.Fatal(err)
	}
	return b.Build()
}

// taken takes a snapshot of a cluster and returns the file's content.
func taken(t *testing.T, config *rest.Config, o cluster.ListOptions) []byte {
	t.Helper()
	o.Extra = true
	var w snapshot.Writer
	if err := cluster.List(t.Context(), config, o, &w.Rest, w.Add); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if _, err := w.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestASnapshotTellsWhatTheClusterTells(t *testing.T) {
	t.Parallel()
	fill(t)
	dev, err := plane.ConfigOf("dev")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		config *rest.Config
		o      cluster.ListOptions
	}{
		{"all of it", plane.Config(), cluster.ListOptions{Parts: everything}},
		{"to somebody with few rights", dev, cluster.ListOptions{Parts: everything}},
		{"of one namespace", plane.Config(), cluster.ListOptions{Parts: everything, Namespaces: []string{"shop"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := live(t, tt.config, tt.o)
			file := taken(t, tt.config, tt.o)
			b := inventory.NewBuilder("")
			if err := snapshot.Read(bytes.NewReader(file), b); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, b.Build()); diff != "" {
				t.Errorf("live (-), snapshot (+):\n%s", diff)
			}
			if again := taken(t, tt.config, tt.o); !bytes.Equal(file, again) {
				t.Error("two snapshots of the same differ")
			}
		})
	}
}

func TestEverythingThatBearsPodsIsFound(t *testing.T) {
	t.Parallel()
	fill(t)
	got := live(t, plane.Config(), cluster.ListOptions{})
	found := map[string]string{}
	for _, ns := range got.Namespaces {
		if ns.Name != "shop" && ns.Name != "blog" {
			continue
		}
		for _, w := range ns.Workloads {
			for _, template := range w.Templates {
				found[ns.Name+" "+w.Kind+" "+w.Name+" "+template.Path] = w.APIVersion
			}
		}
	}
	want := map[string]string{
		"shop Deployment web spec.template":                   "apps/v1",
		"shop CronJob nightly spec.jobTemplate.spec.template": "batch/v1",
		"blog PodTemplate stamp template":                     "v1",
		"blog ReplicationController old spec.template":        "v1",
		"blog DaemonSet agent spec.template":                  "apps/v1",
		"shop Engine diesel spec.parts[0].template":           "example.com/v1",
		"shop Engine diesel spec.parts[1].template":           "example.com/v1",
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
	for _, ns := range got.Namespaces {
		if ns.Name != "shop" {
			continue
		}
		if len(ns.Pods) != 3 || ns.Pods[0].Workload == nil || ns.Pods[0].Workload.Pods != 2 {
			t.Errorf("got pods %+v, want three, and two of them the Deployment's", ns.Pods)
		}
		if ns.Pods[1].View != ns.Pods[2].View {
			t.Error("pods that differ in the name of their token's volume alone have views of their own")
		}
	}
	if got.Server.Release != plane.Version() || got.Server.Version.String() != "v1.37" {
		t.Errorf("got server %+v, want %s", got.Server, plane.Version())
	}
}

func TestWhatHidesItsPodsIsNotCheckedUntilItsPathIsGiven(t *testing.T) {
	t.Parallel()
	fill(t)
	got := live(t, plane.Config(), cluster.ListOptions{})
	if len(got.NotChecked) != 1 || got.NotChecked[0].Object.Name != "sphinx" ||
		!cmp.Equal(got.NotChecked[0].Paths, []string{"spec.inner.pod"}) {
		t.Errorf("got %+v, want the one riddle that holds a pod", got.NotChecked)
	}
	if diff := cmp.Diff([]inventory.Resource{{Group: "example.com", Name: "riddles"}}, got.Opaque); diff != "" {
		t.Errorf("kinds that hide what they hold (-want +got):\n%s", diff)
	}
	gabion, err := binaries.Gabion(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	const note = "note: whether these hold pods cannot be told, as their definitions allow anything: riddles.example.com; "
	if _, stderr, code := run(t, gabion, plane.Kubeconfig(), "plan"); code != 3 || !strings.Contains(stderr, note) {
		t.Errorf("a plan: exit code %d, no word of the riddles: %s", code, stderr)
	}
	file := filepath.Join(t.TempDir(), "cluster.json.gz")
	_, stderr, code := run(t, gabion, plane.Kubeconfig(), "snapshot", "-o", file, "--pod-template-path=example.com/Riddle=.spec.inner.pod")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if strings.Contains(stderr, note) {
		t.Errorf("with their path: %s", stderr)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v, want one for its owner only", info, err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b := inventory.NewBuilder("")
	if err := snapshot.Read(bytes.NewReader(text), b); err != nil {
		t.Fatal(err)
	}
	i := b.Build()
	// The other riddle has nothing like a pod in it.
	if len(i.NotChecked)+len(i.Opaque) > 0 {
		t.Errorf("not checked: %+v, opaque: %+v", i.NotChecked, i.Opaque)
	}
}

func TestASnapshotHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	fill(t)
	zip, err := gzip.NewReader(bytes.NewReader(taken(t, plane.Config(), cluster.ListOptions{Parts: everything})))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "Secret") && !strings.Contains(line, `"labels":{"Secret":"Secret"}`) {
			t.Errorf("the snapshot holds a secret: %s", line)
		}
	}
}

func TestWhoMayListOneNamespaceOnlySeesWhatIsInIt(t *testing.T) {
	t.Parallel()
	fill(t)
	dev, err := plane.ConfigOf("dev")
	if err != nil {
		t.Fatal(err)
	}
	got := live(t, dev, cluster.ListOptions{Namespaces: []string{"shop"}})
	if len(got.Namespaces) != 1 || got.Namespaces[0].Stated || len(got.Namespaces[0].Pods) != 3 {
		t.Errorf("got namespaces %+v, want shop with its pods and without labels", got.Namespaces)
	}
	missing := map[string]string{}
	for _, m := range got.Missing {
		missing[m.Resource] = m.Namespace
		if !strings.Contains(m.Reason, `User "dev" cannot`) || strings.Contains(m.Reason, "\n") {
			t.Errorf("the reason for %s is %q, want the API server's in one line", m.Resource, m.Reason)
		}
	}
	want := map[string]string{
		"namespaces": "shop", "replicationcontrollers": "shop", "customresourcedefinitions.apiextensions.k8s.io": "",
	}
	if diff := cmp.Diff(want, missing); diff != "" {
		t.Errorf("missing, want (-), got (+):\n%s", diff)
	}
}
