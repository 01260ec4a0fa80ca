package install

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

func manifestOf(t *testing.T, o Options) []byte {
	t.Helper()
	if o.Namespace == "" {
		o.Namespace, o.Image, o.Configuration = DefaultNamespace, "i", DefaultConfiguration
	}
	text, err := Manifest(o)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// itemsOf reads manifests as `gabion check` does.
func itemsOf(t *testing.T, text []byte) []workload.Item {
	t.Helper()
	reader, err := workload.NewReader(workload.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var items []workload.Item
	for item := range reader.Read("install.yaml", bytes.NewReader(text)) {
		if item.Outcome == workload.Broken {
			t.Fatal(item.Err)
		}
		items = append(items, item)
	}
	return items
}

func TestTheInstallationMeetsTheLevelThatItsNamespaceEnforces(t *testing.T) {
	t.Parallel()
	judged := 0
	for _, item := range itemsOf(t, manifestOf(t, Options{})) {
		if item.Object.Kind == "Namespace" {
			policy, errs := pss.PolicyFromLabels(item.Labels, pss.DefaultPolicy())
			want := pss.LevelVersion{Level: pss.Restricted, Version: pss.Latest}
			if len(errs) > 0 || policy.Enforce != want || policy.Warn != want || policy.Audit != want {
				t.Errorf("the namespace's policy is %v (%v)", policy, errs)
			}
		}
		for i := range item.Templates {
			judged++
			verdict, err := pss.Evaluator{}.Evaluate(&item.Templates[i].Pod, pss.LevelVersion{Level: pss.Restricted, Version: pss.Latest})
			if err != nil || !verdict.Allowed() {
				t.Errorf("%s: %v %s", item.Object.Name, err, verdict.Detail())
			}
		}
	}
	if judged != 1 {
		t.Errorf("%d pod templates were judged, want that of the Deployment", judged)
	}
}

func TestObjectsAreThoseOfTheManifestAndTheSecret(t *testing.T) {
	t.Parallel()
	var want, got []string
	for _, item := range itemsOf(t, manifestOf(t, Options{Namespace: "own", Image: "i", Configuration: DefaultConfiguration})) {
		want = append(want, strings.ToLower(item.Object.Kind)+" "+item.Object.Name)
		if strings.Contains(item.Object.Kind, "Webhook") {
			t.Errorf("there is a %s in it", item.Object.Kind)
		}
	}
	want = append(want, "secret "+SecretName)
	for _, o := range append(Objects("own"), Namespace("own")) {
		kind, _, _ := strings.Cut(o.Kind, ".")
		got = append(got, kind+" "+o.Name)
		if !strings.HasSuffix(o.Path, "/"+o.Name) || !strings.Contains(o.Path, "/"+kind[:len(kind)-1]) {
			t.Errorf("%s is at %s", o.Kind, o.Path)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAnyConfigurationArrivesAsItIs(t *testing.T) {
	t.Parallel()
	for _, configuration := range []string{
		DefaultConfiguration, "", "a: b", "a: b\n", "a: b\n\n", " a: b\n", "\na: b\n", "a: \t|\r\n  x\n", "# ü\n", "a: \x00\n", "---\na: b\n...\n", "{{ . }}\n",
	} {
		for text := range strings.SplitSeq(string(manifestOf(t, Options{Namespace: "n", Image: `a"b`, Configuration: configuration})), "\n---\n") {
			var object struct {
				Kind string
				Data map[string]string
			}
			if err := yaml.Unmarshal([]byte(text+"\n"), &object); err != nil {
				t.Fatalf("%q: %v", configuration, err)
			}
			if object.Kind == "ConfigMap" && object.Data["podsecurity.yaml"] != configuration {
				t.Errorf("%q arrives as %q", configuration, object.Data["podsecurity.yaml"])
			}
		}
	}
}
