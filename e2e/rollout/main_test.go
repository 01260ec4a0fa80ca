package rollout_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/e2e/cluster"
)

var plane *cluster.Cluster

func TestMain(m *testing.M) {
	os.Exit(cluster.Main(m, &plane, cluster.Options{
		Users: []cluster.User{{Name: "dev"}, {Name: "nobody"}},
	}))
}

// kubectl runs kubectl and returns what it prints.
func kubectl(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	return kubectlOf(t, plane, stdin, args...)
}

// kubectlOf does so on a cluster of the test's own.
func kubectlOf(t *testing.T, c *cluster.Cluster, stdin string, args ...string) string {
	t.Helper()
	cmd := c.Kubectl(t.Context(), args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// run runs gabion as a user and returns what it prints, and its exit code.
func run(t *testing.T, gabion, kubeconfig string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), gabion, args...)
	cmd.Env = []string{"KUBECONFIG=" + kubeconfig, "HOME=" + t.TempDir()}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}
