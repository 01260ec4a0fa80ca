package documents_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/e2e/cluster"
)

const root = "../.."

// plane is the control plane that the tests share, with the definitions in it, and
// gabion the program under test.
var (
	plane  *cluster.Cluster
	gabion string
)

func TestMain(m *testing.M) {
	os.Exit(cluster.MainWith(defined{m}, &plane, &gabion, cluster.Options{Users: []cluster.User{{Name: reader}}})) //nolint:forbidigo // a TestMain is a main
}

// defined runs the tests once the definitions are there.
type defined struct{ tests *testing.M }

func (d defined) Run() int {
	ctx := context.Background()
	definitions, err := exec.CommandContext(ctx, gabion, "install", "--crds-only", "-o", "yaml").Output()
	for _, args := range [][]string{
		{"apply", "--server-side", "-f", "-"},
		{"wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"},
	} {
		if err == nil {
			cmd := plane.Kubectl(ctx, args...)
			cmd.Stdin = bytes.NewReader(definitions)
			var out []byte
			if out, err = cmd.CombinedOutput(); err != nil {
				err = fmt.Errorf("kubectl %v: %w: %s", args, err, out)
			}
		}
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "no test was run: %v\n", err)
		return 1
	}
	return d.tests.Run()
}

// kubectl runs kubectl as an administrator.
func kubectl(t *testing.T, stdin string, args ...string) (string, error) {
	t.Helper()
	cmd := plane.Kubectl(t.Context(), args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// refused checks that the API server does not take a document with a spec, and
// that the program does not either as what a flag names.
func refused(t *testing.T, name, kind, spec, flag string) {
	t.Helper()
	text := "apiVersion: gabion.io/v1alpha1\nkind: " + kind + "\nmetadata: {name: wrong}\nspec: {" + spec + "}\n"
	if out, err := kubectl(t, text, "create", "--validate=strict", "--dry-run=server", "-f", "-"); err == nil {
		t.Errorf("%s: the API server takes it: %s", name, out)
	}
	file := filepath.Join(t.TempDir(), "wrong.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	check := exec.CommandContext(t.Context(), gabion, "check", flag, file, filepath.Join(root, "examples/check"))
	out, err := check.CombinedOutput()
	if err == nil || check.ProcessState.ExitCode() != 3 || !strings.Contains(string(out), "gabion: "+flag+": ") {
		t.Errorf("%s: the program takes it: %v\n%s", name, err, out)
	}
}
