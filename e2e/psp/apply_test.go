package psp

import (
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// goBack stands before the command that takes back what was done.
const goBack = "; to go back: "

// inShell runs a command that the program printed.
func inShell(t *testing.T, command string) {
	t.Helper()
	shell := exec.CommandContext(t.Context(), "sh", "-c", "kubectl() { "+plane.KubectlPath()+" \"$@\"; }\n"+command)
	shell.Env = plane.Kubectl(t.Context()).Env
	if out, err := shell.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", command, err, out)
	}
}

// keepsWhatOthersDo has somebody edit a template after the API server was asked
// what would become of its patch, and write the status of another workload.
func keepsWhatOthersDo(t *testing.T) {
	t.Helper()
	var once, twice sync.Once
	through := plane.Through(t, func(api http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			forGood := r.Method == http.MethodPatch && r.URL.Query().Get("dryRun") == ""
			switch {
			case forGood && strings.HasSuffix(r.URL.Path, "/deployments/vault"):
				once.Do(func() {
					kubectl(t, "", "-n", "bank", "patch", "deployment", "vault", "-p", `{"spec":{"template":{"spec":{"securityContext":{"fsGroup":99}}}}}`)
				})
			case forGood && strings.HasSuffix(r.URL.Path, "/cronjobs/interest"):
				twice.Do(func() { kubectl(t, "", "-n", "bank", "annotate", "cronjob", "interest", "seen=yes") })
			}
			api.ServeHTTP(w, r)
		})
	})
	e := runGabion(t, "psp", "migrate", "bank", "--kubeconfig="+through, "--apply", "--yes")
	const want = "deployment.apps/vault in namespace bank is left as it is: it has changed since it was read; run it again "
	if e.code != 1 || !strings.Contains(e.stderr, want) || !strings.Contains(e.stdout, "cronjob.batch/interest in namespace bank: patched") {
		t.Errorf("exit code %d: %s%s", e.code, e.stdout, e.stderr)
	}
	vault := kubectl(t, "", "-n", "bank", "get", "deployment", "vault", "-o", "yaml")
	if !strings.Contains(vault, "fsGroup: 99") || strings.Contains(vault, "runAsNonRoot") {
		t.Errorf("what somebody else wrote was written over, or patched in spite of it:\n%s", vault)
	}
	if labels := kubectl(t, "", "get", "namespace", "bank", "-o", "jsonpath={.metadata.labels}"); strings.Contains(labels, "pod-security") {
		t.Errorf("a namespace was labelled that is not ready: %s", labels)
	}
}

// admittedPods are the pods that are admitted in a namespace.
func admittedPods(t *testing.T, namespace string) map[string]bool {
	t.Helper()
	admitted := map[string]bool{}
	for name, spec := range pods() {
		_, err := makePod(t, namespace, spec)
		admitted[name] = err == nil
	}
	return admitted
}

// checkCopies demands that what the originals admitted is admitted in a namespace
// where policies still count, and of the rest just what a copy does without: that
// the node's logs are not written.
func checkCopies(t *testing.T, before map[string]bool) {
	t.Helper()
	kubectl(t, "", "get", "psp", "0-restricted", "0-careful", "0-ports")
	for at, want := range map[string]string{
		"clusterrole/use-restricted": `["restricted","0-restricted"]`, "clusterrole/use-careful": `["careful","0-careful"]`, "role/use-ports": `["ports","0-ports"]`,
	} {
		if got := kubectl(t, "", "-n", "market", "get", at, "-o", "jsonpath={.rules[0].resourceNames}"); got != want {
			t.Errorf("%s lets %s be used, want %s", at, got, want)
		}
	}
	kubectl(t, "", "create", "namespace", "late")
	kubectl(t, "", "-n", "late", "create", "serviceaccount", "default")
	kubectl(t, "", "-n", "late", "create", "serviceaccount", "app")
	kubectl(t, "", "-n", "late", "create", "rolebinding", "use-careful", "--clusterrole=use-careful", "--serviceaccount=late:app")
	checkPolicy(t, "late", "0-restricted")
	eventually(t, "a pod with the node's logs", func() (bool, any) {
		_, err := makePod(t, "late", pods()["with the node's logs"])
		return err == nil, err
	})
	const looser = "that writes logs"
	some := 0
	for name, admitted := range admittedPods(t, "late") {
		if admitted != (before[name] || name == looser) || name == looser && before[name] {
			t.Errorf("a pod %s is admitted beside the copies: %v, and was without them: %v", name, admitted, before[name])
		}
		if admitted {
			some++
		}
	}
	if some == 0 || some == len(before) {
		t.Errorf("of %d pods %d are admitted, which says nothing", len(before), some)
	}
}

// checkPatches demands that templates say what policies have said, and what else
// they said before.
func checkPatches(t *testing.T) {
	t.Helper()
	for at, all := range map[string][]string{
		"deployment/vault": {"fsGroup: 99", "runAsNonRoot: true", "- ALL", "- CHOWN", "name: A", "type: RuntimeDefault", "allowPrivilegeEscalation: false"},
		"cronjob/interest": {"fsGroup: 7", "runAsNonRoot: true", "- ALL", "seen: \"yes\"", "type: RuntimeDefault"},
	} {
		text := kubectl(t, "", "-n", "bank", "get", at, "-o", "yaml", "--show-managed-fields")
		for _, want := range append(all, "manager: gabion\n") {
			if !strings.Contains(text, want) {
				t.Errorf("no %s in the patched %s:\n%s", want, at, text)
			}
		}
	}
}

// takeBack runs every command that the program printed for taking back what it had
// done, and demands that it is.
func takeBack(t *testing.T, printed, deployment string) {
	t.Helper()
	for line := range strings.Lines(printed) {
		if _, command, ok := strings.Cut(line, goBack); ok {
			inShell(t, command)
		}
	}
	if got := kubectl(t, "", "-n", "bank", "get", "deployment", "vault", "-o", "jsonpath={.spec.template.spec}"); got != deployment {
		t.Errorf("the template is %s once it was taken back, and was %s", got, deployment)
	}
	for _, at := range []string{"clusterrole/use-restricted", "clusterrole/use-careful", "role/use-ports"} {
		if got := kubectl(t, "", "-n", "market", "get", at, "-o", "jsonpath={.rules[0].resourceNames}"); strings.Contains(got, "0-") {
			t.Errorf("%s still lets %s be used", at, got)
		}
	}
	if got := kubectl(t, "", "get", "psp", "-o", "name"); strings.Contains(got, "/0-restricted") {
		t.Errorf("the copies are still there: %s", got)
	}
}
