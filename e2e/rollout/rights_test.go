package rollout_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhoHasFewRightsSeesWhatTheyAllowAndWhatIsMissing(t *testing.T) {
	t.Parallel()
	gabion := builtGabion(t)
	dev, err := plane.KubeconfigOf("dev")
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"shop"}, {"--all", "-n", "shop"}} {
		args = append([]string{"preview", "--enforce=baseline"}, args...)
		stdout, stderr, code := run(t, gabion, dev, args...)
		if code != 3 || !strings.Contains(stdout, "Warning: web-1: privileged\nnamespace/shop labeled") {
			t.Errorf("%q: exit code %d, got\n%s", args, code, stdout)
		}
		if !strings.Contains(stderr, "replicationcontrollers in namespace shop could not be listed: ") {
			t.Errorf("%q: got\n%s", args, stderr)
		}
		if _, stderr, code := run(t, gabion, dev, append(args, "--allow-unchecked")...); code != 0 {
			t.Errorf("%q with --allow-unchecked: exit code %d: %s", args, code, stderr)
		}
	}
	nobody, err := plane.KubeconfigOf("nobody")
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := run(t, gabion, nobody, "preview", "--all", "--enforce=baseline")
	if code != 3 || stdout != "" || !strings.Contains(stderr, "namespaces could not be listed: ") || !strings.Contains(stderr, "pods could not be listed: ") {
		t.Errorf("nobody: exit code %d, got\n%s%s", code, stdout, stderr)
	}
}

func TestCredentialsMayComeFromAProgram(t *testing.T) {
	t.Parallel()
	gabion := builtGabion(t)
	dir := t.TempDir()
	text, err := os.ReadFile(plane.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "credentials")
	script := fmt.Sprintf("#!/bin/sh\necho '%s'\n",
		`{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"`+plane.Config().BearerToken+`"}}`)
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil { //nolint:gosec // it is to be run
		t.Fatal(err)
	}
	exec := "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: " + program + "}"
	kubeconfig := filepath.Join(dir, "kubeconfig")
	changed := strings.Replace(string(text), "token: "+plane.Config().BearerToken, exec, 1)
	if changed == string(text) {
		t.Fatal("the kubeconfig has no token")
	}
	if err := os.WriteFile(kubeconfig, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	if stdout, stderr, code := run(t, gabion, kubeconfig, "preview", "shop", "--enforce=baseline"); code != 0 || !strings.Contains(stdout, "namespace/shop labeled") {
		t.Errorf("exit code %d, got\n%s%s", code, stdout, stderr)
	}
}
