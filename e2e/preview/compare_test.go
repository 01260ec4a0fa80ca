package preview_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/e2e/binaries"
	"github.com/gabion-security/gabion/e2e/cluster"
)

// policies are what namespaces are labelled with, as `--enforce` takes it.
var policies = []string{
	"privileged", "baseline", "restricted",
	"privileged:v1.20", "baseline:latest", "baseline:v1.0", "baseline:v1.33", "baseline:v1.37",
	"restricted:latest", "restricted:v1.7", "restricted:v1.18", "restricted:v1.24", "restricted:v1.34", "restricted:v1.99",
}

// comparison holds gabion against the kubectl of a cluster.
type comparison struct {
	plane  *cluster.Cluster
	gabion string
}

func newComparison(t *testing.T, plane *cluster.Cluster) comparison {
	t.Helper()
	gabion, err := binaries.Gabion(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return comparison{plane, gabion}
}

// compare asks both about labelling all namespaces with a policy, gabion of each
// input alone, and returns kubectl's output.
func (c comparison) compare(t *testing.T, policy string, inputs ...[]string) string {
	t.Helper()
	level, version, pinned := strings.Cut(policy, ":")
	args := []string{"label", "--dry-run=server", "--overwrite", "ns", "--all", "pod-security.kubernetes.io/enforce=" + level}
	if pinned {
		args = append(args, "pod-security.kubernetes.io/enforce-version="+version)
	}
	kubectl := c.plane.Kubectl(t.Context(), args...)
	var terminal bytes.Buffer
	kubectl.Stdout, kubectl.Stderr = &terminal, &terminal // equal writers make one pipe
	failed := fails(t, kubectl)
	want, wantErrors := split(terminal.String())

	for _, input := range inputs {
		gabion := exec.CommandContext(t.Context(), c.gabion, append([]string{"preview", "--all", "--enforce=" + policy}, input...)...)
		var out, errs bytes.Buffer
		gabion.Stdout, gabion.Stderr = &out, &errs
		if fails(t, gabion) != failed {
			t.Errorf("%s: kubectl fails: %t, gabion does not agree: %s", policy, failed, errs.String())
		}
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("%s: kubectl (-) and gabion (+) of %q:\n%s", policy, input, diff)
		}
		_, gotErrors := split(errs.String())
		if diff := cmp.Diff(wantErrors, gotErrors); diff != "" {
			t.Errorf("%s: errors of kubectl (-) and gabion (+) of %q:\n%s", policy, input, diff)
		}
	}
	return terminal.String()
}

// fails runs a command and reports whether its exit code says that it failed.
func fails(t *testing.T, cmd *exec.Cmd) bool {
	t.Helper()
	err := cmd.Run()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return true
	}
	if err != nil {
		t.Fatal(err)
	}
	return false
}

// split parts what is printed on a terminal into what it says about the
// namespaces that may be labelled, in order, and the errors, sorted and without
// the words that kubectl begins them with: they depend on how many there are.
// Notes, which Gabion has and kubectl has not, are neither.
func split(terminal string) (labelled string, errs []string) {
	var b strings.Builder
	for line := range strings.Lines(terminal) {
		if strings.HasPrefix(line, "Warning: ") || strings.HasPrefix(line, "namespace/") {
			b.WriteString(line)
			continue
		}
		if strings.HasPrefix(line, "note: ") {
			continue
		}
		line = strings.TrimPrefix(line, "Error from server (Invalid): ")
		line = strings.TrimPrefix(line, "The ")
		errs = append(errs, strings.TrimSuffix(line, "\n"))
	}
	slices.Sort(errs)
	return b.String(), errs
}

// export writes what the cluster says it holds of some resources into a file.
func (c comparison) export(t *testing.T, path, resources string) {
	t.Helper()
	out, err := c.plane.Kubectl(t.Context(), "get", resources, "-A", "-o", "yaml").Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out, 0o600); err != nil {
		t.Fatal(err)
	}
}
