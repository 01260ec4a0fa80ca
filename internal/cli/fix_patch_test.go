package cli

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"

	"github.com/gabion-security/gabion/internal/kustomize"
	"github.com/gabion-security/gabion/internal/limit"
)

func TestAPatchForACommandMakesWhatIsWrittenAndLeavesWhatWasAddedSince(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	file := filepath.Join(t.TempDir(), "a.yaml")
	merged := 0
	for n := range 300 {
		text := `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"template":{"spec":` + madeSpec(r) + `}}}`
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		line := gabion(t, "fix", "--overwrite", "-o", "patch", file)
		_, patch, ok := strings.Cut(line, "--type=strategic -p '")
		if !ok {
			continue // two containers have one name
		}
		merged++
		since := strings.NewReplacer(`"fsGroup":3`, `"fsGroup":3,"supplementalGroups":[7]`, `"image":`, `"tty":true,"image":`, `"runAsUser":5`, `"runAsUser":5,"runAsGroup":6`)
		live, err := strategicpatch.StrategicMergePatch([]byte(since.Replace(text)), []byte(strings.TrimSuffix(patch, "'\n")), appsv1.Deployment{})
		if err != nil {
			t.Fatalf("seed %d, %d: %v\n%s", seed, n, err, line)
		}
		gabion(t, "fix", "--overwrite", "--write", file)
		fixed, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(decoded(t, since.Replace(string(fixed))), decoded(t, string(live))); d != "" {
			t.Fatalf("seed %d, %d (-written +patched):\n%s\n%s", seed, n, d, line)
		}
	}
	if merged < 100 {
		t.Errorf("only %d are patched by strategic merge", merged)
	}
}

func TestAJSONPatchFailsWhereASettingWasMadeSince(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const before = "apiVersion: example.com/v1\nkind: Machine\nmetadata: {name: m}\nspec: {template: {spec: {containers: [{name: a}]}}}\n"
	write("a.yaml", before)
	write("kustomization.yaml", gabion(t, "fix", "--pod-template-path=example.com/Machine=.spec.template", "-o", "kustomize", filepath.Join(dir, "a.yaml")))
	if _, err := kustomize.Build(dir, kustomize.Options{Limits: limit.Default()}); err != nil {
		t.Fatal(err)
	}
	for _, since := range []string{"{name: a, securityContext: {readOnlyRootFilesystem: true}}", "{name: b}, {name: a}"} {
		write("a.yaml", strings.Replace(before, "{name: a}]", since+"]", 1))
		if built, err := kustomize.Build(dir, kustomize.Options{Limits: limit.Default()}); err == nil {
			t.Errorf("%s is patched:\n%s", since, built[0].Rendered)
		}
	}
}
