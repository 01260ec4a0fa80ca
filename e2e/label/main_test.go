package label_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/gabion-security/gabion/e2e/cluster"
)

// plane is the control plane that the tests share; each has namespaces of its
// own.
var plane *cluster.Cluster

// gabion is the program under test.
var gabion string

func TestMain(m *testing.M) {
	os.Exit(cluster.MainWith(m, &plane, &gabion, cluster.Options{Users: []cluster.User{{Name: "tenant"}, {Name: "blind"}, {Name: "lead"}, {Name: "keeper"}}})) //nolint:forbidigo // a TestMain is a main
}

// operator is somebody with a folder, in which the undo data go.
type operator struct {
	t          *testing.T
	dir        string
	kubeconfig string
}

func newOperator(t *testing.T) *operator {
	t.Helper()
	return &operator{t: t, dir: t.TempDir(), kubeconfig: plane.Kubeconfig()}
}

// as returns an operator who is one of the cluster's users.
func (o *operator) as(user string) *operator {
	o.t.Helper()
	kubeconfig, err := plane.KubeconfigOf(user)
	if err != nil {
		o.t.Fatal(err)
	}
	return &operator{t: o.t, dir: o.dir, kubeconfig: kubeconfig}
}

// ended is a command that has come to its end.
type ended struct {
	t              *testing.T
	command        string
	code           int
	stdout, stderr string
}

// command returns a `gabion label` that is to be run.
func (o *operator) command(args ...string) *exec.Cmd {
	return o.gabion(append([]string{"label"}, args...)...)
}

// gabion returns a command of the program that is to be run.
func (o *operator) gabion(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(o.t.Context(), gabion, append(args, "--kubeconfig="+o.kubeconfig)...)
	cmd.Env = []string{"HOME=" + o.dir}
	cmd.Dir = o.dir
	return cmd
}

// label runs `gabion label` to its end.
func (o *operator) label(args ...string) *ended {
	o.t.Helper()
	return o.run(append([]string{"label"}, args...)...)
}

// run runs a command of the program to its end.
func (o *operator) run(args ...string) *ended {
	o.t.Helper()
	cmd := o.gabion(args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		o.t.Fatal(err)
	}
	return &ended{o.t, "gabion " + strings.Join(args, " "), cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// exits says which exit code is right.
func (e *ended) exits(code int) *ended {
	e.t.Helper()
	if e.code != code {
		e.t.Fatalf("%s: exit code %d, want %d\n%s%s", e.command, e.code, code, e.stdout, e.stderr)
	}
	return e
}

// says tells what has to be in the output.
func (e *ended) says(texts ...string) *ended {
	e.t.Helper()
	for _, text := range texts {
		if !strings.Contains(e.stdout+e.stderr, text) {
			e.t.Errorf("%s: no word of %q in\n%s%s", e.command, text, e.stdout, e.stderr)
		}
	}
	return e
}

// undoFile returns the path of the only undo data there are.
func (o *operator) undoFile() string {
	o.t.Helper()
	files := o.undoFiles()
	if len(files) != 1 {
		o.t.Fatalf("the files with undo data are %q, want one", files)
	}
	return files[0]
}

func (o *operator) undoFiles() []string {
	o.t.Helper()
	files, err := filepath.Glob(filepath.Join(o.dir, "*undo*"))
	if err != nil {
		o.t.Fatal(err)
	}
	return files
}

// kubectl runs kubectl to its end.
func kubectl(t *testing.T, stdin string, args ...string) {
	t.Helper()
	cmd := plane.Kubectl(t.Context(), args...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("kubectl %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// makeNamespace makes a namespace with labels, given as key=value of Pod
// Security's keys.
func makeNamespace(t *testing.T, name string, labels ...string) {
	t.Helper()
	_, err := plane.Client().CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: policy(labels...)},
	}, metav1.CreateOptions{FieldManager: "maker"})
	if err != nil {
		t.Fatal(err)
	}
}

// policy makes labels of key=value.
func policy(labels ...string) map[string]string {
	all := map[string]string{}
	for _, l := range labels {
		key, value, _ := strings.Cut(l, "=")
		all["pod-security.kubernetes.io/"+key] = value
	}
	return all
}

// get returns a namespace.
func get(t *testing.T, name string) *corev1.Namespace {
	t.Helper()
	n, err := plane.Client().CoreV1().Namespaces().Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// policyOf returns the Pod Security labels of a namespace.
func policyOf(t *testing.T, name string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for key, value := range get(t, name).Labels {
		if strings.HasPrefix(key, "pod-security.kubernetes.io/") {
			found[key] = value
		}
	}
	return found
}

// state is everything about the labels of a namespace: them, and who owns what.
type state struct {
	Labels map[string]string
	Owned  map[string]any
}

func stateOf(t *testing.T, name string) state {
	t.Helper()
	n := get(t, name)
	s := state{n.Labels, map[string]any{}}
	for _, e := range n.ManagedFields {
		var fields any
		if err := json.Unmarshal(e.FieldsV1.GetRawBytes(), &fields); err != nil {
			t.Fatal(err)
		}
		s.Owned[fmt.Sprintf("%s by %s of %s %s", e.Manager, e.Operation, e.APIVersion, e.Subresource)] = fields
	}
	return s
}

// applyAs applies labels to a namespace as a GitOps tool does.
func applyAs(t *testing.T, manager, name string, args []string, labels ...string) error {
	t.Helper()
	text, err := yaml.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name, "labels": policy(labels...)},
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := plane.Kubectl(t.Context(), append([]string{"apply", "--server-side", "--field-manager=" + manager, "-f", "-"}, args...)...)
	cmd.Stdin = bytes.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
