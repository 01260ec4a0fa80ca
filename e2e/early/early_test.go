package early_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBeforeThereArePods asks one server all the questions, for there can be only
// one that is registered. The steps build on each other.
func TestBeforeThereArePods(t *testing.T) {
	policies := start(t)
	// The namespace web says nothing of levels: only the guard does.
	for _, ns := range []string{
		"{name: web, labels: {team: web}}", "{name: lost}",
		"{name: told, labels: {pod-security.kubernetes.io/enforce: baseline, pod-security.kubernetes.io/warn: restricted}}",
		"{name: free, labels: {pod-security.kubernetes.io/enforce: baseline, pod-security.kubernetes.io/warn: privileged}}",
	} {
		passes(t, "{apiVersion: v1, kind: Namespace, metadata: "+ns+"}", "create", "-f", "-")
	}
	t.Run("who applies a workload is told", told)
	t.Run("a custom resource", custom)
	t.Run("what was bad before can be worked with", workedWith)
	t.Run("controllers are not told again", controllers)
	t.Run("a workload is refused", denied)
	t.Run("pods meet the floor and the profile", pods)
	t.Run("ephemeral containers", ephemeral)
	t.Run("a profile that is not there", func(t *testing.T) { lost(t, policies) })
}

const (
	good = "containers: [{name: web, image: registry.example.com/web}]"
	bad  = "containers: [{name: web, image: registry.example.com/web, securityContext: {privileged: true}}]"
	// rejected is what is said first of a bad Deployment.
	rejected = `Warning: the pods of this Deployment will be REJECTED by enforce "baseline:latest", before sidecars are injected: ` +
		`privileged (container "web" at spec.template.spec.containers[0].securityContext.privileged: true)`
)

// deployment is a Deployment with the fields of its metadata, its spec and its pod.
func deployment(name, metadata, spec, pod string) string {
	return "{apiVersion: apps/v1, kind: Deployment, metadata: {name: " + name + metadata + "}, spec: {" + spec +
		"selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {" + pod + "}}}}"
}

func told(t *testing.T) {
	out := passes(t, deployment("web", "", "", bad), "apply", "-n", "told", "-f", "-")
	if lines := strings.Split(out, "\n"); len(lines) < 3 || lines[0] != rejected ||
		!strings.HasPrefix(lines[1], `Warning: would violate PodSecurity "restricted:latest": `) || lines[2] != "deployment.apps/web created" {
		t.Errorf("kubectl says\n%s", out)
	}
	for name, c := range map[string]struct{ namespace, object, want string }{
		"a CronJob": {"told", "{apiVersion: batch/v1, kind: CronJob, metadata: {name: job}, spec: {schedule: '@daily', jobTemplate: {spec: {template: {spec: {restartPolicy: Never, hostPID: true, " + good + "}}}}}}",
			`the pods of this CronJob will be REJECTED by enforce "baseline:latest", before sidecars are injected: host namespaces (spec.jobTemplate.spec.template.spec.hostPID: true)`},
		"a good one":          {"told", deployment("good", "", "", good), ""},
		"where no guard is":   {"free", deployment("web", "", "", bad), ""},
		"a change that mends": {"told", deployment("web", "", "", good), ""},
	} {
		out := passes(t, c.object, "apply", "-n", c.namespace, "-f", "-", "--dry-run=server")
		if strings.Contains(out, "REJECTED") != (c.want != "") || !strings.Contains(out, c.want) {
			t.Errorf("%s: kubectl says\n%s", name, out)
		}
	}
	out = passes(t, deployment("web", "", "", "hostPID: true, "+bad), "apply", "-n", "told", "-f", "-", "--dry-run=server")
	if !strings.Contains(out, `REJECTED by enforce "baseline:latest", before sidecars are injected: host namespaces (spec.template.spec.hostPID: true), privileged (`) {
		t.Errorf("a change for the worse: kubectl says\n%s", out)
	}
}

// custom has resources of two kinds of one group, of which one bears pods.
func custom(t *testing.T) {
	for kind, plural := range map[string]string{"Rollout": "rollouts", "Workflow": "workflows"} {
		passes(t, "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: "+plural+".argoproj.io}, spec: {group: argoproj.io, scope: Namespaced, "+
			"names: {kind: "+kind+", plural: "+plural+"}, versions: [{name: v1alpha1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]}}",
			"create", "-f", "-")
		passes(t, "", "wait", "--for=condition=Established", "crd/"+plural+".argoproj.io")
		object := strings.Replace(deployment("web", "", "", bad), "apiVersion: apps/v1, kind: Deployment", "apiVersion: argoproj.io/v1alpha1, kind: "+kind, 1)
		want := strings.Replace(rejected, "this Deployment", "this "+kind, 1)
		if kind == "Rollout" {
			eventually(t, "the API server to ask about Rollouts", func() string {
				if out := passes(t, object, "apply", "-n", "told", "-f", "-", "--dry-run=server"); !strings.Contains(out, want) {
					return out
				}
				return ""
			})
		}
		out := passes(t, object, "apply", "-n", "told", "-f", "-")
		if strings.HasPrefix(out, want) != (kind == "Rollout") || strings.Contains(out, "Warning") != (kind == "Rollout") {
			t.Errorf("of a %s, kubectl says\n%s", kind, out)
		}
	}
	if out := passes(t, "", "-n", "told", "patch", "rollout/web", "--type=merge", "-p", `{"spec":{"replicas":2}}`); strings.Contains(out, "REJECTED") {
		t.Errorf("scaling a Rollout: kubectl says\n%s", out)
	}
	refused(t, "REJECTED", strings.Replace(deployment("web", "", "", bad), "apiVersion: apps/v1, kind: Deployment", "apiVersion: argoproj.io/v1alpha1, kind: Rollout", 1),
		"apply", "-n", "web", "-f", "-")
}

// workedWith changes the Deployment web, which is bad already.
func workedWith(t *testing.T) {
	for _, args := range [][]string{
		{"scale", "deployment/web", "--replicas=3"},
		{"patch", "deployment/web", "-p", `{"spec":{"replicas":4}}`},
		{"annotate", "deployment/web", "a=b"},
		{"set", "image", "deployment/web", "web=registry.example.com/web:2"},
		{"patch", "deployment/web", "-p", `{"metadata":{"finalizers":["example.com/wait"]}}`},
		{"delete", "deployment/web", "--wait=false"},
		{"patch", "deployment/web", "--type=merge", "-p", `{"metadata":{"annotations":{"going":"yes"}},"spec":{"template":{"spec":{"hostPID":true}}}}`},
		{"patch", "deployment/web", "--type=merge", "-p", `{"metadata":{"finalizers":null}}`},
	} {
		if out := passes(t, "", append([]string{"-n", "told"}, args...)...); strings.Contains(out, "REJECTED") {
			t.Errorf("kubectl %s says\n%s", strings.Join(args, " "), out)
		}
	}
}

func controllers(t *testing.T) {
	const owner = ", ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: 11111111-1111-1111-1111-111111111111, controller: %}]"
	replicas := func(controller string) string {
		object := deployment("web-1", strings.Replace(owner, "%", controller, 1), "", bad)
		return strings.Replace(object, "kind: Deployment", "kind: ReplicaSet", 1)
	}
	for controller, told := range map[string]bool{"true": false, "false": true} {
		out := passes(t, replicas(controller), "create", "-n", "told", "-f", "-", "--dry-run=server")
		if strings.Contains(out, "the pods of this ReplicaSet will be REJECTED") != told {
			t.Errorf("a ReplicaSet with an owner, controller: %s: kubectl says\n%s", controller, out)
		}
	}
	pod := "{apiVersion: v1, kind: Pod, metadata: {name: p" + strings.Replace(owner, "%", "true", 1) + "}, spec: {" + bad + "}}"
	refused(t, `pods "p" is forbidden: violates PodSecurity "baseline:latest": privileged (`, pod, "create", "-n", "told", "-f", "-")
}

// denied is where the guard of the examples refuses workloads, although no label
// says anything.
func denied(t *testing.T) {
	const want = `deployments.apps "web" is forbidden: its pods would be REJECTED by the floor "baseline:latest" of PodSecurityGuard team, before sidecars are injected: ` +
		`privileged (container "web" at spec.template.spec.containers[0].securityContext.privileged: true)`
	refused(t, want+" (workloads: deny, PodSecurityGuard team)", deployment("web", "", "", bad), "apply", "-n", "web", "-f", "-")
	readme, err := os.ReadFile("../../README.md")
	if out, _ := kubectl(t, deployment("web", "", "", bad), "apply", "-n", "web", "-f", "-"); err != nil || !strings.Contains(string(readme), want) {
		t.Errorf("the README does not show this (%v): %s", err, out)
	}
	refused(t, `REJECTED by PodSecurityProfile "own-registry" of PodSecurityGuard team, before sidecars are injected: `,
		deployment("web", "", "", "containers: [{name: web, image: evil.example.com/web}]"), "apply", "-n", "web", "-f", "-")
	passes(t, deployment("web", "", "", good), "apply", "-n", "web", "-f", "-")
	refused(t, want, deployment("web", "", "", bad), "apply", "-n", "web", "-f", "-")
	refused(t, "REJECTED", "", "-n", "web", "patch", "deployment/web", "-p", `{"spec":{"template":{"spec":{"hostPID":true}}}}`)
	passes(t, "", "-n", "web", "scale", "deployment/web", "--replicas=3")
	passes(t, "", "-n", "web", "delete", "deployment/web")
	// One from before the guard: without its label, the namespace has none.
	passes(t, "", "label", "namespace", "web", "team-")
	eventually(t, "leaving the guard", func() string {
		out, err := kubectl(t, deployment("old", "", "", bad), "apply", "-n", "web", "-f", "-")
		if err != nil {
			return out
		}
		return ""
	})
	passes(t, "", "label", "namespace", "web", "team=web")
	eventually(t, "the guard", func() string {
		if out, err := kubectl(t, deployment("new", "", "", bad), "apply", "-n", "web", "-f", "-", "--dry-run=server"); err == nil {
			return out
		}
		return ""
	})
	passes(t, "", "-n", "web", "patch", "deployment/old", "-p", `{"spec":{"replicas":4}}`)
	passes(t, "", "-n", "web", "patch", "deployment/old", "-p", `{"metadata":{"finalizers":["example.com/wait"]}}`)
	passes(t, "", "-n", "web", "delete", "deployment/old", "--wait=false")
	passes(t, "", "-n", "web", "patch", "deployment/old", "--type=merge", "-p", `{"metadata":{"finalizers":null}}`)
}

// pod is a pod with the fields of its spec.
func pod(name, spec string) string {
	return "{apiVersion: v1, kind: Pod, metadata: {name: " + name + "}, spec: {" + spec + "}}"
}

func pods(t *testing.T) {
	refused(t, `pods "p" is forbidden: violates PodSecurity "baseline:latest", the floor of PodSecurityGuard team: privileged (container "web" must not set securityContext.privileged=true)`,
		pod("p", bad), "create", "-n", "web", "-f", "-")
	refused(t, `pods "p" is forbidden: violates PodSecurityProfile "own-registry" of PodSecurityGuard team: `,
		pod("p", "containers: [{name: web, image: evil.example.com/web}]"), "create", "-n", "web", "-f", "-")
	passes(t, pod("p", good), "create", "-n", "web", "-f", "-")
	refused(t, `violates PodSecurityProfile "own-registry"`, "", "-n", "web", "set", "image", "pod/p", "web=evil.example.com/web")
	out := passes(t, "", "label", "namespace", "web", "pod-security.kubernetes.io/enforce=privileged")
	if !strings.Contains(out, `Warning: pods are judged by "baseline:latest", the floor of PodSecurityGuard team, too`) {
		t.Errorf("kubectl label says\n%s", out)
	}
	refused(t, "the floor of PodSecurityGuard team", pod("q", bad), "create", "-n", "web", "-f", "-")
	passes(t, pod("p", bad), "create", "-n", "default", "-f", "-")
}

// ephemeral adds containers to pods from before the guard.
func ephemeral(t *testing.T) {
	const volumes = "volumes: [{name: root, hostPath: {path: /}}], "
	passes(t, "", "label", "namespace", "web", "team-")
	for name, spec := range map[string]string{"neighbour": volumes + bad, "nodes": "hostPID: true, " + bad} {
		eventually(t, "a pod", func() string {
			if out, err := kubectl(t, pod(name, spec), "create", "-n", "web", "-f", "-"); err != nil {
				return out
			}
			return ""
		})
	}
	passes(t, "", "label", "namespace", "web", "team=web")
	eventually(t, "the guard", func() string {
		if out, err := kubectl(t, pod("q", bad), "create", "-n", "web", "-f", "-", "--dry-run=server"); err == nil {
			return out
		}
		return ""
	})
	debug := func(pod, name string, args ...string) []string {
		return append([]string{"-n", "web", "debug", pod, "-c", name, "--image=registry.example.com/debug", "--profile=restricted"}, args...)
	}
	passes(t, "", debug("neighbour", "one")...)
	out := passes(t, "", debug("neighbour", "two", "--target=web")...)
	if !strings.Contains(out, `Warning: ephemeral container "two" sees the processes of container "web", which is privileged`) {
		t.Errorf("kubectl debug --target says\n%s", out)
	}
	refused(t, "violates PodSecurity \"baseline:latest\", the floor of PodSecurityGuard team: host namespaces (hostPID=true)", "", debug("nodes", "one")...)
	refused(t, `non-default capabilities (container "three" must not include "NET_ADMIN", "NET_RAW" in securityContext.capabilities.add)`, "",
		"-n", "web", "debug", "neighbour", "-c", "three", "--image=registry.example.com/debug", "--profile=netadmin")
	refused(t, `violates PodSecurityProfile "own-registry"`, "", "-n", "web", "debug", "neighbour", "-c", "four", "--image=evil.example.com/debug", "--profile=restricted")
	custom := filepath.Join(t.TempDir(), "mount.yaml")
	if err := os.WriteFile(custom, []byte("volumeMounts: [{name: root, mountPath: /host}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, `hostPath volumes (volume "root")`, "", debug("neighbour", "five", "--custom="+custom)...)
}

func lost(t *testing.T, policies string) {
	const want = `pods "p" is forbidden: violates PodSecurityProfile "gone" of PodSecurityGuard lost: there is no such profile`
	refused(t, want, pod("p", good), "create", "-n", "lost", "-f", "-")
	out := passes(t, deployment("web", "", "", good), "apply", "-n", "lost", "-f", "-")
	if !strings.Contains(out, `Warning: the pods of this Deployment will be REJECTED by PodSecurityProfile "gone" of PodSecurityGuard lost, before sidecars are injected: there is no such profile`) {
		t.Errorf("kubectl says\n%s", out)
	}
	write(t, policies, "gone.yaml", "apiVersion: gabion.io/v1alpha1\nkind: PodSecurityProfile\nmetadata: {name: gone}\nspec: {base: {level: baseline}}\n")
	eventually(t, "the profile", func() string {
		if out, err := kubectl(t, pod("p", good), "create", "-n", "lost", "-f", "-", "--dry-run=server"); err != nil {
			return out
		}
		return ""
	})
	refused(t, `violates PodSecurityProfile "gone" of PodSecurityGuard lost: privileged (container "web" at spec.containers[0].securityContext.privileged: true)`,
		pod("p", bad), "create", "-n", "lost", "-f", "-")
}
