package label_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestNamespacesOfTheClusterAreCompleted(t *testing.T) {
	t.Parallel()
	makeNamespace(t, "complete-a")
	makeNamespace(t, "complete-b")
	for _, command := range [][]string{{"label"}, {"plan"}, {"preview"}, {"snapshot"}, {"upgrade"}, {"who-can", "weaken"}, {"who-can", "bypass"}} {
		cmd := exec.CommandContext(t.Context(), gabion,
			append(append([]string{"__complete"}, command...), "--kubeconfig="+plane.Kubeconfig(), "complete-a", "")...)
		cmd.Env = []string{"HOME=" + t.TempDir()}
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%q: %v", command, err)
		}
		words := strings.Split(string(out), "\n")
		if !slices.Contains(words, "complete-b") || !slices.Contains(words, "kube-system") || slices.Contains(words, "complete-a") {
			t.Errorf("%q complete-a: %q", command, words)
		}
	}
}
