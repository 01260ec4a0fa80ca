package cluster_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/gabion-security/gabion/e2e/cluster"
)

// childEnv makes the test program start a control plane, say what it has
// started, and wait to be killed.
const childEnv = "GABION_E2E_KILLED_CHILD"

// started is what the child says.
type started struct {
	Dir  string
	PIDs []int
}

// child is the main function of the child.
func child() int {
	c, err := cluster.Start(context.Background(), cluster.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	err = json.NewEncoder(os.Stdout).Encode(started{c.Dir(), []int{c.Etcd.PID(), c.APIServer.PID()}})
	if err != nil {
		return 1
	}
	select {}
}

func TestAKilledTestLeavesNeitherProcessesNorFiles(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childEnv+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var s started
	if err := json.Unmarshal(line, &s); err != nil {
		t.Fatal(err)
	}
	if gone(s.Dir) || len(s.PIDs) != 2 || !alive(s.PIDs[0]) || !alive(s.PIDs[1]) {
		t.Fatalf("the child did not start what it says: %+v", s)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed: that is its error

	deadline := time.Now().Add(10 * time.Second)
	for alive(s.PIDs[0]) || alive(s.PIDs[1]) || !gone(s.Dir) {
		if time.Now().After(deadline) {
			t.Fatalf("left behind: etcd %t, API server %t, folder %t", alive(s.PIDs[0]), alive(s.PIDs[1]), !gone(s.Dir))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// alive reports whether a process runs. One that has ended and that nobody has
// asked about yet does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	var (
		id    int
		name  string
		state string
	)
	if _, err := fmt.Sscan(string(stat), &id, &name, &state); err != nil {
		return syscall.Kill(pid, 0) == nil
	}
	return state != "Z" && state != "X"
}
