package plugin_test

import (
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/e2e/binaries"
)

// installed is a kubectl that finds what `make build` has built in its PATH.
type installed struct{ kubectl, bin, home string }

func install(t *testing.T) installed {
	t.Helper()
	programs, err := binaries.ControlPlane(t.Context(), log.New(os.Stderr, "e2e: ", 0))
	if err != nil {
		t.Fatal(err)
	}
	root, err := binaries.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := installed{programs.Kubectl, filepath.Join(t.TempDir(), "bin"), t.TempDir()}
	build := exec.CommandContext(t.Context(), "make", "build", "BIN="+i.bin)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return i
}

// run runs kubectl without a cluster and returns the lines that it prints, and
// what it says on standard error.
func (i installed) run(t *testing.T, args ...string) (lines []string, stderr string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), i.kubectl, args...)
	cmd.Env = []string{"PATH=" + i.bin + string(os.PathListSeparator) + "/bin:/usr/bin", "HOME=" + i.home, "KUBERC=off"}
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("kubectl %q: %v: %s", args, err, errs.String())
	}
	for line := range strings.Lines(string(out)) {
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
	return lines, errs.String()
}

func TestKubectlRunsGabionUnderItsOwnName(t *testing.T) {
	t.Parallel()
	i := install(t)
	for _, tt := range []struct {
		command string
		says    []string
	}{
		{"who-can", []string{"\n  kubectl gabion who-can COMMAND [flags]\n", "See 'kubectl gabion who-can COMMAND --help'"}},
		{"plan", []string{"\n  kubectl gabion plan "}},
	} {
		help, _ := i.run(t, "gabion", tt.command, "--help")
		text := strings.Join(help, "\n")
		for _, want := range tt.says {
			if !strings.Contains(text, want) {
				t.Errorf("the help of %s does not say %q:\n%s", tt.command, want, text)
			}
		}
	}
	plan, _ := i.run(t, "gabion", "plan", "../../examples/docker-desktop", "-o", "kubectl")
	if want := "kubectl label --overwrite ns default \\"; !slices.Contains(plan, want) {
		t.Errorf("the plan does not say %q:\n%s", want, strings.Join(plan, "\n"))
	}
	table, _ := i.run(t, "gabion", "plan", "../../examples/docker-desktop")
	if text := strings.Join(table, "\n"); !strings.Contains(text, "kubectl gabion explain CONTROL says why") {
		t.Errorf("the plan advises another program:\n%s", text)
	}
	plugins, warnings := i.run(t, "plugin", "list", "--name-only")
	if diff := cmp.Diff([]string{"The following compatible plugins are available:", "", "kubectl-gabion"}, plugins); diff != "" {
		t.Errorf("kubectl's plugins (-want +got):\n%s", diff)
	}
	if strings.Contains(warnings, "warning") {
		t.Errorf("kubectl is not content: %s", warnings)
	}
}

// inOrder ends a list that the shell keeps in its order: cobra's directives
// NoFileComp and KeepOrder. Other lists end in :4, the first of them alone.
const inOrder = ":36"

func TestKubectlCompletesGabion(t *testing.T) {
	t.Parallel()
	i := install(t)
	for _, tt := range []struct {
		typed []string
		want  []string
	}{
		{[]string{"gabion", "prev"}, []string{"preview", ":4"}},
		{[]string{"gabion", "pla"}, []string{"plan", ":4"}},
		{[]string{"gabion", "plan", "--target", ""}, []string{"privileged", "baseline", "restricted", inOrder}},
		{[]string{"gabion", "who-can", "w"}, []string{"weaken", ":4"}},
		{[]string{"gabion", "preview", "--enforce", "r"}, []string{"privileged", "baseline", "restricted", inOrder}}, // the shell chooses
		{[]string{"gabion", "who-can", "bypass", "-o", ""}, []string{"table", "wide", "json", "yaml", "markdown", inOrder}},
		{[]string{"gabion", "explain", "hostPa"}, []string{"hostPathVolumes", ":4"}},
	} {
		got, stderr := i.run(t, append([]string{"__complete"}, tt.typed...)...)
		for j := range got {
			got[j], _, _ = strings.Cut(got[j], "\t") // the rest describes it
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s%s", tt.typed, diff, stderr)
		}
	}
}
