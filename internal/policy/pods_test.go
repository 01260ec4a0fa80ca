package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/gabion-security/gabion/internal/admission"
)

const (
	noHostPaths = `apiVersion: gabion.io/v1alpha1
kind: PodSecurityProfile
metadata: {name: no-host-paths}
spec: {base: {level: baseline}, readOnlyRootFilesystem: Required}
`
	profiled = guardHead + "metadata: {name: p}\nspec: {namespaces: {names: [shop]}, profile: no-host-paths, workloads: deny}\n"
	mayWrite = `apiVersion: gabion.io/v1alpha1
kind: PodSecurityException
metadata: {name: writes}
spec:
  reason: it writes
  namespaces: {names: [shop]}
  containers: {names: [db]}
  controls: [{id: readOnlyRootFilesystem}, {id: hostNamespaces}]
`
)

// guardedBy makes a controller that goes by the documents, and has the namespaces
// shop, other and excluded without labels.
func guardedBy(t *testing.T, documents ...string) *admission.Controller {
	t.Helper()
	p, err := ReadFolder(folder(map[string]string{"a.yaml": strings.Join(documents, "---\n")}))
	if err != nil {
		t.Fatal(err)
	}
	l := labelled{labels: map[string]map[string]string{"shop": {}, "other": {}, "excluded": {}}}
	c, err := admission.New(admission.Options{Config: admission.DefaultConfig(), Namespaces: l, Pods: l})
	if err != nil {
		t.Fatal(err)
	}
	c.SetPolicies(admission.Policies{PodGuards: p.PodGuards([]string{"excluded"}, time.Now), Exceptions: Excepts(p.Exceptions, time.Now)})
	return c
}

func TestPodsMeetTheProfileOfAGuard(t *testing.T) {
	t.Parallel()
	const (
		sound = "{name: web, securityContext: {readOnlyRootFilesystem: true}}"
		of    = `violates PodSecurityProfile "no-host-paths" of PodSecurityGuard p: `
	)
	all := []string{profiled, noHostPaths, mayWrite}
	for _, c := range []struct {
		name, namespace, spec string
		documents             []string
		want                  string // empty if it is allowed
		used                  string
	}{
		{"a pod that meets it", "shop", "containers: [" + sound + "]", all, "", ""},
		{
			"one that does not meet its level", "shop", "hostPID: true\n  containers: [" + sound + "]", all[:2],
			of + `host namespaces (spec.hostPID: true)`, "",
		},
		{
			"one that does not meet what it asks beyond", "shop", "containers: [{name: web}]", all,
			of + `writable root filesystem (container "web" at spec.containers[0].securityContext.readOnlyRootFilesystem is missing)`, "",
		},
		{"one that is excepted", "shop", "containers: [" + sound + ", {name: db}]", all, "", `"writes": readOnlyRootFilesystem`},
		{
			"one of which another is excepted", "shop", "containers: [{name: web}, {name: db}]", all,
			of + `writable root filesystem (container "web" at spec.containers[0].securityContext.readOnlyRootFilesystem is missing)`, "",
		},
		{"one in another namespace", "other", "hostPID: true\n  containers: [{name: web}]", all, "", ""},
		{"no profile", "shop", "containers: [" + sound + "]", []string{profiled, mayWrite}, of + "there is no such profile", ""},
		{"no profile, in another namespace", "other", "containers: []", []string{profiled}, "", ""},
		{"no guard", "shop", "hostPID: true\n  containers: []", all[1:], "", ""},
	} {
		d := guardedBy(t, c.documents...).Decide(t.Context(), create(t, c.namespace, []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  "+c.spec+"\n")))
		if got := strings.TrimPrefix(d.Message, `pods "p" is forbidden: `); got != c.want || d.Allowed != (c.want == "") {
			t.Errorf("%s: allowed %t\n%s, want\n%s", c.name, d.Allowed, got, c.want)
		}
		if used := annotation(d, admission.ExceptionsKey); used != c.used && d.Allowed {
			t.Errorf("%s: used %q, want %q", c.name, used, c.used)
		}
	}
}

func TestAGuardSaysWhatBecomesOfWorkloads(t *testing.T) {
	t.Parallel()
	request := func(namespace string) admission.Request {
		r := create(t, namespace, []byte("apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\nspec: {template: {spec: {containers: [{name: web}]}}}\n"))
		r.Group, r.Resource, r.Kind, r.Name = "batch", "jobs", "Job", "j"
		return r
	}
	const finding = `PodSecurityProfile "no-host-paths" of PodSecurityGuard p, before sidecars are injected: writable root filesystem ` +
		`(container "web" at spec.template.spec.containers[0].securityContext.readOnlyRootFilesystem is missing)`
	want := `jobs.batch "j" is forbidden: its pods would be REJECTED by ` + finding + ` (workloads: deny, PodSecurityGuard p)`
	if d := guardedBy(t, profiled, noHostPaths).Decide(t.Context(), request("shop")); d.Allowed || d.Message != want {
		t.Errorf("denied: allowed %t, %s", d.Allowed, d.Message)
	}
	want = "the pods of this Job will be REJECTED by " + finding
	for _, warns := range []string{"workloads: warn", "lock: false"} {
		d := guardedBy(t, strings.Replace(profiled, "workloads: deny", warns, 1), noHostPaths).Decide(t.Context(), request("shop"))
		if !d.Allowed || len(d.Warnings) != 1 || d.Warnings[0] != want {
			t.Errorf("%s: %+v", warns, d)
		}
	}
	everywhere := strings.Replace(profiled, "names: [shop]", "all: true", 1)
	if d := guardedBy(t, everywhere, noHostPaths).Decide(t.Context(), request("other")); d.Allowed {
		t.Errorf("everywhere: %+v", d)
	}
	if d := guardedBy(t, everywhere, noHostPaths).Decide(t.Context(), request("excluded")); !d.Allowed || len(d.Warnings) > 0 {
		t.Errorf("where nobody asks about pods: %+v", d)
	}
	for namespace, text := range map[string]string{"shop": strings.Replace(profiled, "workloads: deny", `workloads: "off"`, 1), "other": profiled} {
		if d := guardedBy(t, text, noHostPaths).Decide(t.Context(), request(namespace)); !d.Allowed || len(d.Warnings) > 0 {
			t.Errorf("%s: %+v", text, d)
		}
	}
}
