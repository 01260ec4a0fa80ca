package psp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/e2e/binaries"
	"github.com/gabion-security/gabion/e2e/cluster"
)

var (
	// plane is the control plane that the tests share.
	plane *cluster.Cluster
	// gabion is the program under test.
	gabion string
)

func TestMain(m *testing.M) {
	os.Exit(run(m)) //nolint:forbidigo // a TestMain is a main
}

func run(m *testing.M) int {
	programs, err := binaries.ControlPlane124(context.Background(), log.New(os.Stderr, "e2e: ", 0))
	if err != nil {
		fmt.Fprintf(os.Stderr, "no test was run: %v\n", err)
		return 1
	}
	return cluster.MainWith(m, &plane, &gabion, cluster.Options{
		Binaries: programs, WithServiceAccounts: true,
		// Without its gate the API server takes allowedProcMountTypes out of policies.
		APIServerArgs: []string{"--enable-admission-plugins=PodSecurityPolicy", "--feature-gates=ProcMountType=true"},
		Users:         []cluster.User{{Name: "jane", Groups: []string{"developers"}}, {Name: "joan"}, {Name: "olga", Groups: []string{"ops"}}},
	})
}

// TestAClusterOfKubernetes124 has its parts in an order: what the second makes is
// for whoever may use every policy, too.
func TestAClusterOfKubernetes124(t *testing.T) {
	kubectl(t, "", "create", "--validate=false", "-f", policies)
	t.Run("the program says what the API server does with pods", sayWhatTheAPIServerDoes)
	t.Run("a cluster with policies is taken to labels", takeToLabels)
	t.Run("it is too old to be served", refusesToServe)
	t.Run("the program reads a cluster, a snapshot and a backup alike", readEverySource)
}

// refusesToServe starts the webhook for an API server without matchConditions.
func refusesToServe(t *testing.T) {
	e := runGabion(t, "serve", "--kubeconfig="+plane.Kubeconfig(), "--tls-secret=default/tls", "--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0", "--log-format=json")
	var said []string
	for line := range strings.Lines(e.stderr) {
		if !strings.HasPrefix(line, "{") { // what was logged before
			said = append(said, line)
		}
	}
	const want = "gabion: the API server is Kubernetes 1.24, and at least 1.28 is needed\n"
	if e.code != 3 || len(said) != 1 || said[0] != want {
		t.Errorf("exit code %d, %q: want one line, %q", e.code, said, want)
	}
}

// ended is what a command left.
type ended struct {
	code           int
	stdout, stderr string
}

// runGabion runs gabion to its end.
func runGabion(t *testing.T, args ...string) ended {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), gabion, args...)
	dir := t.TempDir()
	cmd.Env, cmd.Dir = []string{"HOME=" + dir}, dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return ended{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// kubectl runs kubectl to its end.
func kubectl(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	cmd := plane.Kubectl(t.Context(), args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
