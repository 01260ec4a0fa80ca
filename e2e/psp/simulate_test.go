package psp

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"
)

// policies are all that the API server and the program know.
const policies = "testdata/policies.yaml"

// annotated is a pod that says its seccomp profile twice.
const annotated = "as restricted asks, with the annotation"

// pods are specs, by what is peculiar about them.
func pods() map[string]string {
	const plain = "containers: [{name: c, image: i}]"
	return map[string]string{
		"plain":                  plain,
		"of the account app":     "serviceAccountName: app, " + plain,
		"without a token":        "automountServiceAccountToken: false, " + plain,
		"as restricted asks":     "securityContext: {fsGroup: 5, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [{name: c, image: i, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]",
		annotated:                "securityContext: {fsGroup: 5, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [{name: c, image: i, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]",
		"root":                   "securityContext: {runAsUser: 0}, " + plain,
		"on the node's network":  "hostNetwork: true, containers: [{name: c, image: i, ports: [{containerPort: 8080}]}]",
		"on a port of its own":   "containers: [{name: c, image: i, ports: [{containerPort: 80, hostPort: 80}]}]",
		"with the node's logs":   "serviceAccountName: app, volumes: [{name: v, hostPath: {path: /var/log/x}}], containers: [{name: c, image: i, volumeMounts: [{name: v, mountPath: /v, readOnly: true}]}]",
		"that writes logs":       "serviceAccountName: app, volumes: [{name: v, hostPath: {path: /var/log/x}}], containers: [{name: c, image: i, volumeMounts: [{name: v, mountPath: /v}]}]",
		"privileged":             "containers: [{name: c, image: i, securityContext: {privileged: true}}]",
		"with a sysctl":          "serviceAccountName: app, securityContext: {sysctls: [{name: kernel.msgmax, value: '1'}]}, " + plain,
		"with unmasked proc":     "containers: [{name: c, image: i, securityContext: {procMount: Unmasked}}]",
		"with init containers":   "initContainers: [{name: i, image: i}, {name: j, image: i, securityContext: {runAsNonRoot: false}}], " + plain,
		"with other SELinux":     "serviceAccountName: app, securityContext: {seLinuxOptions: {level: 's0:c2,c1'}}, " + plain,
		"unconfined":             "securityContext: {seccompProfile: {type: Unconfined}}, " + plain,
		"among the node's users": "hostPID: true, hostIPC: true, " + plain,
	}
}

// simulated is what the program says of one pod.
type simulated struct {
	Admitted bool   `json:"admitted"`
	Policy   string `json:"policy"`
	Mutated  bool   `json:"mutated"`
	Patch    []struct {
		Op    string `json:"op"`
		Path  string `json:"path"`
		Value any    `json:"value"`
	} `json:"patch"`
	Message string `json:"message"`
	Errors  []struct {
		Path    string `json:"path"`
		Message string `json:"message"`
	} `json:"errors"`
}

func sayWhatTheAPIServerDoes(t *testing.T) {
	groups := map[string]string{"jane": "developers", "joan": "", "olga": "ops"}
	admittedBy := map[string]int{}
	for _, user := range slices.Sorted(maps.Keys(groups)) {
		config, err := plane.ConfigOf(user)
		if err != nil {
			t.Fatal(err)
		}
		client, err := kubernetes.NewForConfig(config)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range slices.Sorted(maps.Keys(pods())) {
			pod := new(corev1.Pod)
			metadata := "name: p, namespace: market"
			if name == annotated {
				metadata += ", annotations: {seccomp.security.alpha.kubernetes.io/pod: runtime/default}"
			}
			text := "apiVersion: v1\nkind: Pod\nmetadata: {" + metadata + "}\nspec: {" + pods()[name] + "}\n"
			if err := yaml.UnmarshalStrict([]byte(text), pod); err != nil {
				t.Fatal(err)
			}
			ours := simulate(t, text, user, groups[user])
			// What was just made reaches the API server's plugins after a moment.
			var wrong error
			for range 50 {
				stored, refused := client.CoreV1().Pods("market").Create(t.Context(), pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
				if refused != nil && !apierrors.IsForbidden(refused) {
					t.Fatalf("%s, pod %s: %v", user, name, refused)
				}
				if wrong = compare(&ours, stored, refused); wrong == nil {
					break
				}
				time.Sleep(100 * time.Millisecond)
			}
			if wrong != nil {
				t.Errorf("%s makes a pod %s: %v", user, name, wrong)
			}
			key := ours.Policy
			if ours.Mutated {
				key += ", mutated"
			}
			admittedBy[key]++
		}
	}
	t.Log(admittedBy)
	for _, want := range []string{"", "restricted", "restricted, mutated", "careful, mutated", "ports", "everything"} {
		if admittedBy[want] == 0 {
			t.Errorf("the pods are too much alike: none is admitted by %q", want)
		}
	}
}

// simulate asks the program about one pod.
func simulate(t *testing.T, pod, user, group string) simulated {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pod.yaml")
	if err := os.WriteFile(file, []byte(pod), 0o600); err != nil {
		t.Fatal(err)
	}
	known, err := filepath.Abs(policies)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"psp", "simulate", "-f", known, "-f", file, "--user", user, "-o", "json"}
	if group != "" {
		args = append(args, "--group", group)
	}
	e := runGabion(t, args...)
	var document struct {
		Results []simulated `json:"results"`
	}
	if err := json.Unmarshal([]byte(e.stdout), &document); err != nil || len(document.Results) != 1 {
		t.Fatalf("%v: %s%s", err, e.stdout, e.stderr)
	}
	return document.Results[0]
}

// compare says what is different about what the program says and what the API
// server did, nil if nothing is.
func compare(ours *simulated, stored *corev1.Pod, refused error) error {
	if refused != nil {
		message := refused.Error()
		if ours.Admitted || !strings.Contains(message, "PodSecurityPolicy: unable to admit pod") {
			return fmt.Errorf("the API server says %w, and the program %+v", refused, *ours)
		}
		if !strings.HasSuffix(message, ours.Message) && len(message) != len(`pods "p" is forbidden: `)+len(ours.Message) {
			return fmt.Errorf("the API server says %w, and the program %s", refused, ours.Message)
		}
		for _, e := range ours.Errors { // policies come in any order there
			if !strings.Contains(message, e.Path+": "+e.Message) {
				return fmt.Errorf("the API server says %w, and not %s: %s", refused, e.Path, e.Message)
			}
		}
		return nil
	}
	if got := stored.Annotations["kubernetes.io/psp"]; !ours.Admitted || got != ours.Policy {
		return fmt.Errorf("the API server admits it by %q, and the program says %+v", got, *ours)
	}
	text, err := json.Marshal(stored)
	if err != nil {
		return err
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		return err
	}
	for _, op := range ours.Patch {
		if got, ok := lookUp(tree, op.Path); !ok || !holds(got, op.Value) {
			return fmt.Errorf("%s is %v for the API server, and the program says %v", op.Path, got, op.Value)
		}
	}
	if !ours.Mutated && stored.Spec.SecurityContext != nil && stored.Spec.SecurityContext.FSGroup != nil && *stored.Spec.SecurityContext.FSGroup == 1 {
		return errors.New("the API server has changed it, and the program says nothing of it")
	}
	return nil
}

// lookUp returns what a JSON pointer leads to.
func lookUp(tree any, pointer string) (any, bool) {
	for _, step := range strings.Split(pointer, "/")[1:] {
		step = strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")
		switch v := tree.(type) {
		case map[string]any:
			next, ok := v[step]
			if !ok {
				return nil, false
			}
			tree = next
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(v) {
				return nil, false
			}
			tree = v[i]
		default:
			return nil, false
		}
	}
	return tree, true
}

// holds reports whether a value has all that another one has.
func holds(got, want any) bool {
	members, ok := want.(map[string]any)
	if !ok {
		return reflect.DeepEqual(got, want)
	}
	all, ok := got.(map[string]any)
	if !ok {
		return false
	}
	for key, value := range members {
		if !holds(all[key], value) {
			return false
		}
	}
	return true
}
