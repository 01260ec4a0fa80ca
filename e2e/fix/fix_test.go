package fix_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/gabion-security/gabion/e2e/binaries"
	"github.com/gabion-security/gabion/e2e/cluster"
)

// plane is the control plane that the tests share, gabion the program under test.
var (
	plane  *cluster.Cluster
	gabion string
)

func TestMain(m *testing.M) {
	os.Exit(cluster.MainWith(m, &plane, &gabion, cluster.Options{})) //nolint:forbidigo // a TestMain is a main
}

// namespace makes a namespace that enforces a level and warns of it.
func namespace(t *testing.T, name, level string) {
	t.Helper()
	_, err := plane.Client().CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: name, Labels: map[string]string{"pod-security.kubernetes.io/enforce": level, "pod-security.kubernetes.io/warn": level},
	}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// folder writes all manifests into a new folder.
func folder(t *testing.T, all []manifest) string {
	t.Helper()
	dir := t.TempDir()
	for _, m := range all {
		if err := os.WriteFile(filepath.Join(dir, m.file()), []byte(m.text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// result is what the test reads of the JSON of `gabion fix`.
type result struct {
	Source struct{ File string }
	Left   []struct{ Path, Reason string }
}

// fix runs `gabion fix` and returns what it says of each file.
func fix(t *testing.T, dir string, args ...string) map[string]result {
	t.Helper()
	var report struct{ Results []result }
	if err := json.Unmarshal(run(t, dir, append([]string{"fix", "-o", "json", "."}, args...)...), &report); err != nil {
		t.Fatal(err)
	}
	of := map[string]result{}
	for _, r := range report.Results {
		of[filepath.Base(r.Source.File)] = r
	}
	return of
}

// run runs the program, which may find something that is left.
func run(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), gabion, args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("gabion %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return out
}

// object is the object in a manifest, as JSON.
func object(t *testing.T, text string) []byte {
	t.Helper()
	for piece := range strings.SplitSeq(strings.ReplaceAll("\n"+text, "\r\n", "\n"), "\n---\n") {
		asJSON, err := yaml.YAMLToJSON([]byte(piece))
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		var list struct{ Items []json.RawMessage }
		if err := json.Unmarshal(asJSON, &list); err == nil && len(list.Items) == 1 {
			return list.Items[0]
		}
		if string(asJSON) != "null" {
			return asJSON
		}
	}
	t.Fatalf("there is no object in\n%s", text)
	return nil
}

// create makes an object in a namespace, or rehearses that, and returns what the API
// server says.
func create(t *testing.T, m manifest, text, namespace, dryRun string) rest.Result {
	t.Helper()
	var client rest.Interface
	switch c := plane.Client(); m.resource {
	case "pods", "podtemplates", "replicationcontrollers":
		client = c.CoreV1().RESTClient()
	case "jobs", "cronjobs":
		client = c.BatchV1().RESTClient()
	default:
		client = c.AppsV1().RESTClient()
	}
	request := client.Post().Namespace(namespace).Resource(m.resource).SetHeader("Content-Type", "application/json").Body(object(t, text))
	if dryRun != "" {
		request = request.Param("dryRun", dryRun)
	}
	return request.Do(t.Context())
}

// violates is what the API server says of Pod Security, empty if nothing.
func violates(t *testing.T, r rest.Result) string {
	t.Helper()
	if err := r.Error(); apierrors.IsForbidden(err) {
		return err.Error()
	} else if err != nil {
		t.Fatal(err)
	}
	for _, w := range r.Warnings() {
		if strings.Contains(w.Text, "would violate PodSecurity") {
			return w.Text
		}
	}
	return ""
}

func TestWhatIsFixedIsAcceptedAndWhatIsLeftIsNot(t *testing.T) {
	t.Parallel()
	namespace(t, "privileged", "privileged")
	namespace(t, "restricted", "restricted")
	all := manifests()
	if len(all) < 200 {
		t.Fatalf("only %d manifests", len(all))
	}
	for _, args := range [][]string{nil, {"--overwrite"}} {
		dir := folder(t, all)
		said := fix(t, dir, append(args, "--write")...)
		accepted := 0
		for _, m := range all {
			after, err := os.ReadFile(filepath.Join(dir, m.file()))
			if err != nil {
				t.Fatal(err)
			}
			r, ok := said[m.file()]
			if !ok {
				t.Fatalf("%s: nothing is said of it", m.file())
			}
			if err := create(t, m, m.text, "privileged", "All").Error(); err != nil {
				t.Fatalf("%s is no manifest: %v", m.file(), err)
			}
			if err := create(t, m, string(after), "privileged", "All").Error(); err != nil {
				t.Errorf("%s %v: the API server does not take it any more: %v\n%s", m.file(), args, err, after)
			}
			wrong := violates(t, create(t, m, string(after), "restricted", "All"))
			switch {
			case len(r.Left) == 0 && wrong != "":
				t.Errorf("%s %v: nothing is left, but: %s\n%s", m.file(), args, wrong, after)
			case len(r.Left) > 0 && wrong == "" && m.resource != "podtemplates": // which nobody judges
				t.Errorf("%s %v: %+v are left, but the API server finds nothing\n%s", m.file(), args, r.Left, after)
			case wrong == "":
				accepted++
			}
		}
		t.Logf("%v: %d of %d are accepted", args, accepted, len(all))
		if accepted < len(all)/3 {
			t.Error("too few are accepted")
		}
	}
}

func TestPatchesDoInAClusterWhatIsDoneInFiles(t *testing.T) {
	t.Parallel()
	namespace(t, "patched", "privileged")
	programs, err := binaries.ControlPlane(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var all []manifest
	for _, m := range manifests() {
		if m.resource == "deployments" || m.resource == "cronjobs" {
			all = append(all, m)
		}
	}
	dir := folder(t, all)
	for _, m := range all {
		if err := create(t, m, m.text, "patched", "").Error(); err != nil {
			t.Fatal(err)
		}
	}
	lines := run(t, dir, "fix", "-n", "patched", "--overwrite", "-o", "patch", ".")
	sh := exec.CommandContext(t.Context(), "sh", "-e")
	sh.Env = []string{"PATH=" + filepath.Dir(programs.Kubectl) + ":" + os.Getenv("PATH"), "KUBECONFIG=" + plane.Kubeconfig(), "HOME=" + t.TempDir()}
	sh.Stdin = bytes.NewReader(lines)
	if out, err := sh.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	fix(t, dir, "--overwrite", "--write")
	for _, m := range all {
		after, err := os.ReadFile(filepath.Join(dir, m.file()))
		if err != nil {
			t.Fatal(err)
		}
		var live, want struct{ Spec map[string]any }
		client := map[string]rest.Interface{"deployments": plane.Client().AppsV1().RESTClient(), "cronjobs": plane.Client().BatchV1().RESTClient()}[m.resource]
		get := func(r rest.Result, into any) {
			text, err := r.Raw()
			if err == nil {
				err = json.Unmarshal(text, into)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		get(client.Get().Namespace("patched").Resource(m.resource).Name(m.name).SetHeader("Accept", "application/json").Do(t.Context()), &live)
		request := client.Post().Namespace("patched").Resource(m.resource).Param("dryRun", "All").SetHeader("Accept", "application/json").
			SetHeader("Content-Type", "application/json").Body(bytes.Replace(object(t, string(after)), []byte(`"name":"`+m.name+`"`), []byte(`"name":"other"`), 1))
		get(request.Do(t.Context()), &want)
		a, _ := json.Marshal(live.Spec) //nolint:errchkjson // it was JSON
		b, _ := json.Marshal(want.Spec) //nolint:errchkjson // it was JSON
		if !bytes.Equal(a, b) {
			t.Errorf("%s: patched\n%s\nfixed\n%s", m.file(), a, b)
		}
	}
}

func TestKubectlBuildsAKustomizationThatFixes(t *testing.T) {
	t.Parallel()
	programs, err := binaries.ControlPlane(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	all := manifests()
	for i := range all {
		all[i].text = strings.ReplaceAll(all[i].text, "name: "+all[i].name, "name: "+all[i].name+"-"+all[i].resource)
	}
	dir := folder(t, all)
	text := run(t, dir, "fix", "--overwrite", "-o", "kustomize", ".")
	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	built, err := exec.CommandContext(t.Context(), programs.Kubectl, "kustomize", dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), built, 0o600); err != nil {
		t.Fatal(err)
	}
	fixed := run(t, dir, "fix", "--overwrite", "-o", "json", "kustomization.yaml")
	var report struct {
		Summary struct{ Objects, Changes int }
	}
	if err := json.Unmarshal(fixed, &report); err != nil {
		t.Fatal(err)
	}
	if report.Summary.Changes > 0 || report.Summary.Objects != len(all) {
		t.Errorf("of %d objects, %d come out, with %d settings to fix", len(all), report.Summary.Objects, report.Summary.Changes)
	}
}
