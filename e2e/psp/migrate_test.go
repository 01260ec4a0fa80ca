package psp

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"
)

// world is a namespace whose pods a policy changes, and one whose pods need
// nothing.
const world = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: blog}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: blog}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: i, env: [{name: A, value: b}]}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: report, namespace: shop}
spec:
  schedule: "@daily"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          securityContext: {fsGroup: 7, fsGroupChangePolicy: OnRootMismatch, runAsNonRoot: true}
          containers: [{name: r, image: i, securityContext: {allowPrivilegeEscalation: false}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: blog, namespace: blog}
spec:
  selector: {matchLabels: {app: blog}}
  template:
    metadata: {labels: {app: blog}}
    spec:
      securityContext: {fsGroup: 5, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers: [{name: b, image: i, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]
`

// bank is a namespace whose templates --apply patches.
const bank = `
apiVersion: v1
kind: Namespace
metadata: {name: bank}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: bank}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: app, namespace: bank}
automountServiceAccountToken: false
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: use-careful, namespace: bank}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: use-careful}
subjects: [{kind: ServiceAccount, name: app}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: vault, namespace: bank}
spec:
  selector: {matchLabels: {app: vault}}
  template:
    metadata: {labels: {app: vault}}
    spec:
      containers: [{name: vault, image: i, env: [{name: A, value: b}], securityContext: {capabilities: {drop: [CHOWN]}}}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: interest, namespace: bank}
spec:
  schedule: "@daily"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, securityContext: {fsGroup: 7}, containers: [{name: c, image: i}]}}}}
`

// plan is what is read of the JSON of a migration.
type plan struct {
	Version    string `json:"version"`
	Namespaces []struct {
		Name     string `json:"name"`
		State    string `json:"state"`
		Why      string `json:"why"`
		Bypassed bool   `json:"bypassed"`
		Patches  []struct {
			Command string `json:"command"`
		} `json:"patches"`
	} `json:"namespaces"`
	Steps []struct {
		Step  string `json:"step"`
		State string `json:"state"`
	} `json:"steps"`
}

// migrate returns the plan of some namespaces.
func migrate(t *testing.T, args ...string) plan {
	t.Helper()
	e := runGabion(t, append([]string{"psp", "migrate", "-o", "json"}, args...)...)
	var p plan
	if err := json.Unmarshal([]byte(e.stdout), &p); err != nil || e.code != 0 {
		t.Fatalf("exit code %d, %v: %s%s", e.code, err, e.stdout, e.stderr)
	}
	return p
}

// state is that of a namespace.
func (p plan) state(name string) string {
	for _, n := range p.Namespaces {
		if n.Name == name {
			return n.State
		}
	}
	return "absent"
}

func takeToLabels(t *testing.T) {
	live := "--kubeconfig=" + plane.Kubeconfig()
	kubectl(t, world, "create", "-f", "-")

	// The simplified copies, and the roles that let them be used, are taken.
	file, err := filepath.Abs(policies)
	if err != nil {
		t.Fatal(err)
	}
	kubectl(t, runGabion(t, "psp", "simplify", "-f", file, "-o", "manifests").stdout, "apply", "--validate=false", "--dry-run=server", "-f", "-")

	// As it stands: the templates of one namespace have to say what a policy says.
	first := migrate(t, live)
	if first.Version != "v1.24" || first.state("shop") != "patch" || first.state("blog") != "label" || first.state("kube-system") != "left" {
		t.Fatalf("%+v", first)
	}
	file = filepath.Join(t.TempDir(), "cluster.json.gz")
	if e := runGabion(t, "snapshot", live, "-o", file); e.code != 0 {
		t.Fatalf("%s%s", e.stdout, e.stderr)
	}
	fromLive, fromFile := runGabion(t, "psp", "migrate", live, "-o", "yaml"), runGabion(t, "psp", "migrate", "--from="+file, "-o", "yaml")
	if fromLive.stdout != fromFile.stdout || fromFile.code != 0 {
		t.Errorf("the plan from a snapshot is another one:\n%s\n%s", fromLive.stdout, fromFile.stdout)
	}

	if text := runGabion(t, "psp", "migrate", live).stdout; !strings.Contains(text, "ClusterRole use-all") {
		t.Errorf("nobody is told who may use every policy:\n%s", text)
	}

	// The patches are commands, and take nothing away.
	for _, n := range first.Namespaces {
		for _, p := range n.Patches {
			inShell(t, p.Command)
		}
	}
	report := kubectl(t, "", "-n", "shop", "get", "cronjob", "report", "-o", "yaml")
	for _, want := range []string{"fsGroupChangePolicy: OnRootMismatch", "fsGroup: 7", "- ALL"} {
		if !strings.Contains(report, want) {
			t.Errorf("no %s in the patched CronJob:\n%s", want, report)
		}
	}
	if second := migrate(t, live); second.state("shop") != "label" {
		t.Fatalf("once patched: %+v", second)
	}

	// Labels, and the end of PodSecurityPolicy where they are enforced.
	const elsewhere = "ClusterRole use-all, which ClusterRoleBinding use-all gives to Group ops"
	if e := runGabion(t, "psp", "migrate", "shop", live, "--apply", "--yes"); e.code != 1 || !strings.Contains(e.stderr, elsewhere) || strings.Contains(e.stdout, "does nothing there any more") {
		t.Errorf("PodSecurityPolicy ends for others, too: exit code %d: %s%s", e.code, e.stdout, e.stderr)
	}
	if all := kubectl(t, "", "get", "psp", "-o", "name"); strings.Contains(all, "0--gabion-privileged") {
		t.Errorf("a policy was made that others may use: %s", all)
	}
	kubectl(t, "", "patch", "clusterrole", "use-all", "--type=json", "-p", `[{"op":"add","path":"/rules/0/resourceNames","value":["everything"]}]`)
	e := runGabion(t, "psp", "migrate", "shop", live, "--apply", "--yes")
	if e.code != 0 || !strings.Contains(e.stdout, "namespace/shop: PodSecurityPolicy does nothing there any more") ||
		!strings.Contains(e.stdout, goBack+"kubectl delete podsecuritypolicy 0--gabion-privileged\n") {
		t.Fatalf("exit code %d: %s%s", e.code, e.stdout, e.stderr)
	}
	third := migrate(t, live)
	if third.state("shop") != "done" || third.state("blog") != "label" {
		t.Errorf("once applied: %+v", third)
	}
	checkEnforced(t, "shop")
	checkPolicy(t, "blog", "restricted")

	// The rest, and then there is nothing to do but to switch the plugin off.
	kubectl(t, bank, "create", "-f", "-")
	keepsWhatOthersDo(t)
	checkPolicy(t, "bank", "restricted")
	before := admittedPods(t, "bank")
	deployment := kubectl(t, "", "-n", "bank", "get", "deployment", "vault", "-o", "jsonpath={.spec.template.spec}")
	most := runGabion(t, "psp", "migrate", live, "--apply", "--yes")
	const looser = "PodSecurityPolicy 0-careful is left as it is: from then on every path of the node, writable: allowedHostPaths "
	if most.code != 1 || !strings.Contains(most.stderr, looser) || strings.Contains(kubectl(t, "", "get", "psp", "-o", "name"), "0-careful") {
		t.Fatalf("a copy that admits more: exit code %d: %s%s", most.code, most.stdout, most.stderr)
	}
	if strings.Contains(most.stdout+most.stderr, "PodSecurityPolicy 0--gabion-privileged") {
		t.Errorf("what is there is made again, or is none of the program's:\n%s%s", most.stdout, most.stderr)
	}
	whole := runGabion(t, "psp", "migrate", live, "--apply", "--yes", "--allow-weaker")
	if whole.code != 0 {
		t.Fatalf("exit code %d: %s%s", whole.code, whole.stdout, whole.stderr)
	}
	checkEnforced(t, "blog")
	checkEnforced(t, "bank")
	checkPatches(t)
	last := migrate(t, live)
	for _, s := range last.Steps {
		if (s.Step == "2" || s.Step == "3" || s.Step == "3d") && s.State != "done" || s.Step == "5" && s.State != "open" {
			t.Errorf("in the end: %+v", last)
		}
	}
	if e := runGabion(t, "psp", "migrate", live, "--apply", "--yes"); e.code != 0 || !strings.Contains(e.stderr, "no namespace is ready to be labelled") || strings.Contains(e.stdout, goBack) {
		t.Errorf("once more: exit code %d: %s%s", e.code, e.stdout, e.stderr)
	}

	// And back.
	kubectl(t, "", "-n", "shop", "delete", "rolebinding", "gabion-bypass-psp")
	checkPolicy(t, "shop", "0-restricted")
	if after := migrate(t, live); after.state("shop") != "bypass" {
		t.Errorf("once back: %+v", after)
	}
	checkCopies(t, before)
	takeBack(t, most.stdout+whole.stdout, deployment)
}

// makePod makes a pod with the spec as somebody who may use no policy, by a dry
// run.
func makePod(t *testing.T, namespace, spec string) (*corev1.Pod, error) {
	t.Helper()
	config, err := plane.ConfigOf("joan")
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	pod := new(corev1.Pod)
	if err := yaml.UnmarshalStrict([]byte("metadata: {name: p}\nspec: {"+spec+"}\n"), pod); err != nil {
		t.Fatal(err)
	}
	return client.CoreV1().Pods(namespace).Create(t.Context(), pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
}

const fine = "securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [{name: c, image: i, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]"

// eventually waits until something is right: what was just written reaches the
// API server's plugins after a moment.
func eventually(t *testing.T, what string, right func() (bool, any)) {
	t.Helper()
	var last any
	for range 100 {
		var ok bool
		if ok, last = right(); ok {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("%s: %v", what, last)
}

// checkEnforced demands that labels are enforced in a namespace, and that
// policies do nothing.
func checkEnforced(t *testing.T, namespace string) {
	t.Helper()
	eventually(t, "a fine pod in "+namespace, func() (bool, any) {
		pod, err := makePod(t, namespace, fine)
		if err != nil {
			return false, err
		}
		return pod.Spec.SecurityContext.FSGroup == nil && pod.Annotations["kubernetes.io/psp"] == "0--gabion-privileged", pod
	})
	eventually(t, "a pod on the node's network in "+namespace, func() (bool, any) {
		_, err := makePod(t, namespace, "hostNetwork: true, "+fine)
		return apierrors.IsForbidden(err) && strings.Contains(err.Error(), `violates PodSecurity "restricted:v1.24"`), err
	})
}

// checkPolicy demands that a policy is in force in a namespace.
func checkPolicy(t *testing.T, namespace, policy string) {
	t.Helper()
	eventually(t, "a pod in "+namespace, func() (bool, any) {
		pod, err := makePod(t, namespace, fine)
		if err != nil {
			return false, err
		}
		return pod.Annotations["kubernetes.io/psp"] == policy && pod.Spec.SecurityContext.FSGroup != nil, pod
	})
}
