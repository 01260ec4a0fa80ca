package v1alpha1_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/gabion-security/gabion/api/v1alpha1"
)

func TestASchemeKnowsTheTypes(t *testing.T) {
	t.Parallel()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{v1alpha1.KindPodSecurityProfile, v1alpha1.KindPodSecurityException, v1alpha1.KindPodSecurityGuard} {
		if !scheme.Recognizes(v1alpha1.GroupVersion().WithKind(kind)) || !scheme.Recognizes(v1alpha1.GroupVersion().WithKind(kind+"List")) {
			t.Errorf("%s is not known", kind)
		}
	}
}

func TestACopySharesNothing(t *testing.T) {
	t.Parallel()
	low := int64(1)
	var p v1alpha1.PodSecurityProfile
	p.Spec.UserIDs = &v1alpha1.UserIDs{Ranges: []v1alpha1.IDRange{{Min: &low}}}
	c := p.DeepCopy()
	if diff := cmp.Diff(&p, c); diff != "" {
		t.Errorf("the copy differs:\n%s", diff)
	}
	*c.Spec.UserIDs.Ranges[0].Min = 2
	if low != 1 {
		t.Error("a change of the copy changes the original")
	}
}

func TestEveryFieldOfASpecIsDocumentedInSentences(t *testing.T) {
	t.Parallel()
	for name, least := range map[string]int{"podsecurityprofiles": 40, "podsecurityexceptions": 20, "podsecurityguards": 10} {
		text, err := os.ReadFile("crds/gabion.io_" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		var crd map[string]any
		if err := yaml.Unmarshal(text, &crd); err != nil {
			t.Fatal(err)
		}
		versions := crd["spec"].(map[string]any)["versions"].([]any)
		schema := versions[0].(map[string]any)["schema"].(map[string]any)["openAPIV3Schema"].(map[string]any)
		spec := schema["properties"].(map[string]any)["spec"].(map[string]any)
		if n := documented(t, name+": spec", spec); n < least {
			t.Errorf("%s: %d fields were looked at: that is not all", name, n)
		}
	}
}

func TestAllDefinitionsArePrinted(t *testing.T) {
	t.Parallel()
	text, err := v1alpha1.CustomResourceDefinitions()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("crds/*")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	if got := strings.Count(string(text), "\nkind: CustomResourceDefinition\n"); got != len(files) || strings.Count(string(text), "---\n") != got {
		t.Errorf("%d definitions of %d files", got, len(files))
	}
}

// documented checks the fields of a schema, and returns how many they are.
func documented(t *testing.T, path string, schema map[string]any) (fields int) {
	t.Helper()
	if items, ok := schema["items"].(map[string]any); ok {
		return documented(t, path+"[*]", items)
	}
	properties, _ := schema["properties"].(map[string]any)
	for name, field := range properties {
		field := field.(map[string]any)
		if text, _ := field["description"].(string); !strings.HasSuffix(text, ".") {
			t.Errorf("%s.%s is described as %q", path, name, text)
		}
		fields += 1 + documented(t, path+"."+name, field)
	}
	return fields
}
