package cli

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/gabion-security/gabion/internal/kustomize"
	"github.com/gabion-security/gabion/internal/limit"
)

// chosen is one of several texts.
func chosen(r *rand.Rand, from ...string) string { return from[r.IntN(len(from))] }

// madeContainers are containers of some of three names in some order, at times two
// of one name.
func madeContainers(r *rand.Rand) string {
	var all []string
	for _, i := range r.Perm(3)[:1+r.IntN(3)] {
		context := chosen(r, "", "", `,"securityContext":{}`, `,"securityContext":{"readOnlyRootFilesystem":true,"runAsUser":5}`,
			`,"securityContext":{"privileged":true,"capabilities":{"add":["NET_ADMIN","CHOWN"],"drop":["KILL"]}}`,
			`,"securityContext":{"seccompProfile":{"type":"Unconfined"},"runAsUser":0}`, `,"securityContext":{"runAsNonRoot":false,"procMount":"Unmasked"}`,
			`,"livenessProbe":{"httpGet":{"host":"example.com","port":80,"httpHeaders":[{"name":"a","value":"b"}]}}`)
		name := string(rune('a' + i))
		if r.IntN(20) == 0 {
			name = "a"
		}
		all = append(all, fmt.Sprintf(`{"name":%q,"image":"i%d","env":[{"name":"E","value":"%d"}],"ports":[{"containerPort":80}]%s}`, name, i, r.IntN(9), context))
	}
	return "[" + strings.Join(all, ",") + "]"
}

func madeSpec(r *rand.Rand) string {
	spec := `{"containers":` + madeContainers(r) + chosen(r, "", `,"initContainers":`+madeContainers(r))
	spec += chosen(r, "", `,"securityContext":{}`, `,"securityContext":{"fsGroup":3,"sysctls":[{"name":"kernel.msgmax","value":"1"},{"name":"net.ipv4.tcp_syncookies","value":"1"}]}`,
		`,"securityContext":{"runAsNonRoot":false,"seLinuxOptions":{"user":"u"}}`, `,"hostPID":true`)
	return spec + "}"
}

// madeObject is an object whose kind, namespace and name are few, so that others
// differ in one of them only; it returns which it is.
func madeObject(r *rand.Rand) (id, text string) {
	kind := chosen(r, `"apiVersion":"v1","kind":"Pod"`, `"apiVersion":"apps/v1","kind":"Deployment"`, `"apiVersion":"example.com/v1","kind":"Deployment"`,
		`"apiVersion":"batch/v1","kind":"CronJob"`, `"apiVersion":"example.com/v1","kind":"Pod"`, `"apiVersion":"v1","kind":"ReplicationController"`)
	name := chosen(r, "web", "w.b", "wxb", "web-2")
	namespace := chosen(r, "", "default", "shop", "shop-2", "other")
	metadata := fmt.Sprintf(`"metadata":{"name":%q`, name)
	if namespace != "" {
		metadata += fmt.Sprintf(`,"namespace":%q`, namespace)
	} else {
		namespace = "default"
	}
	spec := madeSpec(r)
	annotations := chosen(r, "", `,"annotations":{"container.apparmor.security.beta.kubernetes.io/a":"unconfined","x/y":"z"}`)
	switch {
	case strings.HasPrefix(kind, `"apiVersion":"v1","kind":"Pod"`):
		metadata += annotations
	case strings.Contains(kind, "CronJob"):
		spec = `{"jobTemplate":{"spec":{"template":{"metadata":{"name":"t"` + annotations + `},"spec":` + spec + `}}}}`
	default:
		spec = `{"template":{"metadata":{"name":"t"` + annotations + `},"spec":` + spec + `}}`
	}
	return kind + namespace + "/" + name, "{" + kind + "," + metadata + `},"spec":` + spec + "}"
}

// gabion runs the program, which may find something.
func gabion(t *testing.T, args ...string) string {
	t.Helper()
	s, stdout, stderr := system(args...)
	if code := Main(s); code > 1 {
		t.Fatalf("%v: exit code %d: %s", args, code, stderr)
	}
	return stdout.String()
}

// decoded are the objects of YAML texts, by what they are.
func decoded(t *testing.T, texts ...string) map[string]any {
	t.Helper()
	all := map[string]any{}
	for _, text := range texts {
		for piece := range strings.SplitSeq(text, "\n---\n") {
			var object map[string]any
			asJSON, err := yaml.YAMLToJSON([]byte(piece))
			if err == nil {
				err = json.Unmarshal(asJSON, &object)
			}
			if err != nil {
				t.Fatalf("%v in\n%s", err, piece)
			}
			metadata, _ := object["metadata"].(map[string]any)
			all[fmt.Sprint(object["apiVersion"], object["kind"], metadata["namespace"], metadata["name"])] = object
		}
	}
	return all
}

func TestAKustomizationMakesOfEveryObjectWhatIsWrittenToFilesAndOfOthersNothing(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for n := range 25 {
		dir := t.TempDir()
		flags := []string{"--pod-template-path=example.com/Deployment=.spec.template", "--pod-template-path=example.com/Pod=.spec.template"}
		if r.IntN(2) == 0 {
			flags = append(flags, "--overwrite")
		}
		seen := map[string]bool{}
		for file := range 1 + r.IntN(3) {
			objects := []string{fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c%d"}}`, file)}
			for range 1 + r.IntN(5) {
				if id, text := madeObject(r); !seen[id] {
					seen[id] = true
					objects = append(objects, text)
				}
			}
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.yaml", file)), []byte(strings.Join(objects, "\n---\n")), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		text := gabion(t, append([]string{"fix", "-o", "kustomize", dir}, flags...)...)
		own := filepath.Join(dir, "kustomization.yaml")
		if err := os.WriteFile(own, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		built, err := kustomize.Build(dir, kustomize.Options{Limits: limit.Default()})
		if err != nil {
			t.Fatalf("seed %d, %d: %v\n%s", seed, n, err, text)
		}
		var got, want []string
		for _, b := range built {
			got = append(got, string(b.Rendered))
		}
		if err := os.Remove(own); err != nil {
			t.Fatal(err)
		}
		gabion(t, append([]string{"fix", "--write", dir}, flags...)...)
		files, _ := filepath.Glob(filepath.Join(dir, "*.yaml"))
		for _, file := range files {
			fixed, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, string(fixed))
		}
		if d := cmp.Diff(decoded(t, want...), decoded(t, got...)); d != "" {
			t.Fatalf("seed %d, %d (-written +built):\n%s\n%s", seed, n, d, text)
		}
	}
}

func TestWhatKustomizeCannotTellApartIsRefused(t *testing.T) {
	t.Parallel()
	const head = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web"
	const spec = "}\nspec: {template: {spec: {containers: [{name: a}]}}}\n"
	for second, want := range map[string]string{
		head + ", namespace: default" + spec: "kustomize cannot tell deployment.apps/web at %[1]s:6 from that at %[1]s:1: both are of namespace default, " +
			"where it puts what names none, too; leave one of the files out, or give the objects namespaces of their own",
		"apiVersion: v1\nkind: Pod\nmetadata: {generateName: web-}\nspec: {containers: [{name: a}]}\n": "%[1]s:6: kustomize takes no object without a name: give it a metadata.name, or leave its file out",
	} {
		file := filepath.Join(t.TempDir(), "a.yaml")
		if err := os.WriteFile(file, []byte(head+spec+"---\n"+second), 0o600); err != nil {
			t.Fatal(err)
		}
		s, stdout, stderr := system("fix", "-o", "kustomize", file)
		if code := Main(s); code != 3 || stdout.Len() > 0 {
			t.Errorf("exit code %d, standard output %q", code, stdout)
		}
		if d := cmp.Diff("gabion: "+fmt.Sprintf(want, file)+"\n", stderr.String()); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
}
