package psp

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/gabion-security/gabion/internal/rbac"
)

// podOf returns a pod from the YAML of its spec, or of more if that begins with
// "metadata".
func podOf(t *testing.T, text string) *corev1.Pod {
	t.Helper()
	if !strings.HasPrefix(text, "metadata") {
		text = "spec: " + text
	}
	pod := new(corev1.Pod)
	if err := yaml.UnmarshalStrict([]byte(text), pod); err != nil {
		t.Fatal(err)
	}
	return pod
}

const plain = "{containers: [{name: c}]}"

// grants says who may use which policy: "user policy".
type grants []string

// Allowed answers only the question that the plugin asked.
func (g grants) Allowed(u rbac.User, r rbac.Request) bool {
	want := rbac.Request{Verb: "use", Group: r.Group, Resource: "podsecuritypolicies", Namespace: "shop", Name: r.Name}
	return r == want && slices.Contains(g, r.Group+" "+u.Name+" "+r.Name)
}

// simulate puts a pod in the namespace shop before policies.
func simulate(t *testing.T, a Authorizer, user *rbac.User, pod *corev1.Pod, policies ...*Policy) Result {
	t.Helper()
	r, err := NewSimulator(policies, a).Simulate(Request{Namespace: "shop", Pod: pod, User: user})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// all allows everything and changes nothing; readOnly changes what says nothing.
func all(t *testing.T, name string) *Policy {
	t.Helper()
	return policyOf(t, name, lenient+"  volumes: ['*']\n")
}

func readOnly(t *testing.T, name string) *Policy {
	t.Helper()
	return policyOf(t, name, lenient+"  volumes: ['*']\n  readOnlyRootFilesystem: true\n")
}

func TestThePolicyIsTheFirstByNameThatChangesNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		policies []*Policy
		pod      string
		want     string
		mutated  bool
	}{
		{"the first by name, whatever the order of the input", []*Policy{all(t, "b"), all(t, "a")}, plain, "a", false},
		{"one that changes nothing before one that does", []*Policy{readOnly(t, "a"), all(t, "z")}, plain, "z", false},
		{"the first by name if all change something", []*Policy{readOnly(t, "b"), readOnly(t, "a")}, plain, "a", true},
		{"one that has nothing left to change", []*Policy{readOnly(t, "a"), all(t, "b")},
			"{containers: [{name: c, securityContext: {readOnlyRootFilesystem: true}}]}", "a", false},
		{"one that allows the pod", []*Policy{readOnly(t, "a"), all(t, "b")},
			"{containers: [{name: c, securityContext: {readOnlyRootFilesystem: false}}]}", "b", false},
		{"one that changes every pod with a seccomp profile, for its annotation",
			[]*Policy{withAnnotations(all(t, "a"), seccompAllowed, "*")},
			"{securityContext: {seccompProfile: {type: RuntimeDefault}}, containers: [{name: c}]}", "a", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := simulate(t, nil, nil, podOf(t, c.pod), c.policies...)
			if !r.Admitted || r.Policy != c.want || (len(r.Patch) > 0) != c.mutated {
				t.Errorf("got %+v", r)
			}
		})
	}
}

func withAnnotations(p *Policy, pairs ...string) *Policy {
	p.Annotations = map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		p.Annotations[pairs[i]] = pairs[i+1]
	}
	return p
}

func TestOnlyPoliciesThatSomebodyMayUseCount(t *testing.T) {
	t.Parallel()
	jane := rbac.NewUser("jane")
	const account = "system:serviceaccount:shop:default"
	for _, c := range []struct {
		name   string
		grants grants
		user   *rbac.User
		pod    string
		want   string
	}{
		{"by the service account, which is default where none is named", grants{"policy " + account + " b"}, nil, plain, "b"},
		{"by the group extensions too", grants{"extensions " + account + " b"}, nil, plain, "b"},
		{"by the service account that is named", grants{"policy system:serviceaccount:shop:app b"}, nil,
			"{serviceAccountName: app, containers: [{name: c}]}", "b"},
		{"by its old name", grants{"policy system:serviceaccount:shop:app b"}, nil, "{serviceAccount: app, containers: [{name: c}]}", "b"},
		{"by the user", grants{"policy jane b"}, &jane, plain, "b"},
		{"by either", grants{"policy jane b", "policy " + account + " a"}, &jane, plain, "a"},
		{"not by an account that the pod does not have", grants{"policy system:serviceaccount:shop:app b"}, nil, plain, ""},
		{"not by an account elsewhere", grants{"policy system:serviceaccount:blog:default b"}, nil, plain, ""},
		{"not by a user who does not create the pod", grants{"policy jane b"}, nil, plain, ""},
		{"not by the account of a mirror pod, which has none", grants{"policy " + account + " b"}, nil,
			"metadata: {annotations: {kubernetes.io/config.mirror: x}}\nspec: " + plain, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := simulate(t, c.grants, c.user, podOf(t, c.pod), all(t, "a"), all(t, "b"))
			if r.Policy != c.want || r.Admitted != (c.want != "") {
				t.Errorf("got %+v", r)
			}
			if c.want == "" {
				if diff := cmp.Diff([]string{"a", "b"}, r.Unusable); diff != "" {
					t.Error(diff)
				}
				if r.Message != "PodSecurityPolicy: unable to admit pod: []" {
					t.Errorf("got %q", r.Message)
				}
			}
		})
	}
}

func TestARefusalNamesTheErrorsOfUsablePoliciesOnly(t *testing.T) {
	t.Parallel()
	pod := podOf(t, "{hostPID: true, hostIPC: true, containers: [{name: c}]}")
	g := grants{"policy system:serviceaccount:shop:default a", "policy system:serviceaccount:shop:default c"}
	r := simulate(t, g, nil, pod, all(t, "c"), all(t, "a"), all(t, "b"), policyOf(t, "d", lenient+"  volumes: ['*']\n  hostPID: true\n  hostIPC: true\n"))
	const pid, ipc = "spec.securityContext.hostPID", "spec.securityContext.hostIPC"
	const noPID, noIPC = "Invalid value: true: Host PID is not allowed to be used", "Invalid value: true: Host IPC is not allowed to be used"
	want := Result{
		Errors: []PolicyError{
			{"a", FieldError{pid, noPID}}, {"a", FieldError{ipc, noIPC}}, {"c", FieldError{pid, noPID}}, {"c", FieldError{ipc, noIPC}},
		},
		Unusable: []string{"d"},
		Message: "PodSecurityPolicy: unable to admit pod: [" + strings.Join([]string{
			pid + ": " + noPID, ipc + ": " + noIPC, pid + ": " + noPID, ipc + ": " + noIPC,
		}, " ") + "]",
	}
	if diff := cmp.Diff(want, r, cmpopts.IgnoreUnexported(Result{})); diff != "" {
		t.Error(diff)
	}
}

func TestWithoutAnyPolicyEveryPodIsRefused(t *testing.T) {
	t.Parallel()
	if r := simulate(t, nil, nil, podOf(t, plain)); r.Admitted || r.Message != "PodSecurityPolicy: no providers available to validate pod request" {
		t.Errorf("got %+v", r)
	}
}

func TestTheTokenOfTheServiceAccountIsAVolumeToo(t *testing.T) {
	t.Parallel()
	off := false
	mounted := "{containers: [{name: c, volumeMounts: [{name: own, mountPath: " + accountMount + "}]}]}"
	for _, c := range []struct {
		name, volumes, pod string
		account            *corev1.ServiceAccount
		want               bool
	}{
		{"refused where nothing is allowed", "[]", plain, nil, false},
		{"allowed where projected volumes are", "[projected]", plain, nil, true},
		{"allowed where secrets are, which it replaced", "[secret]", plain, nil, true},
		{"refused where neither is", "[emptyDir]", plain, nil, false},
		{"absent where the pod wants none", "[]", "{automountServiceAccountToken: false, containers: [{name: c}]}", nil, true},
		{"absent where the account wants none", "[]", plain, &corev1.ServiceAccount{AutomountServiceAccountToken: &off}, true},
		{"present where the pod wants it against its account", "[]", "{automountServiceAccountToken: true, containers: [{name: c}]}",
			&corev1.ServiceAccount{AutomountServiceAccountToken: &off}, false},
		{"absent where every container mounts something else in its place", "[]", mounted, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := policyOf(t, "p", lenient+"  volumes: "+c.volumes+"\n")
			r, err := NewSimulator([]*Policy{p}, nil).Simulate(Request{Namespace: "shop", Pod: podOf(t, c.pod), Account: c.account})
			if err != nil {
				t.Fatal(err)
			}
			if r.Admitted != c.want || len(r.Patch) > 0 {
				t.Errorf("got %+v", r)
			}
		})
	}
}

func TestPodsAreDefaultedAsTheAPIServerDidBeforeAdmission(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, spec, pod, want string }{
		{"a port on the node's network is a host port", "  hostNetwork: true\n  volumes: ['*']\n",
			"{hostNetwork: true, containers: [{name: c, ports: [{containerPort: 80}]}]}",
			"spec.containers[0].hostPort: Invalid value: 80: Host port 80 is not allowed to be used. Allowed ports: []"},
		{"a volume of nothing is an emptyDir", "  volumes: [secret]\n", "{volumes: [{name: v}], containers: [{name: c}]}",
			`spec.volumes[0]: Invalid value: "emptyDir": emptyDir volumes are not allowed to be used`},
		{"so is one of a kind that is newer", "  volumes: [secret]\n", "{volumes: [{name: v, image: {reference: r}}], containers: [{name: c}]}",
			`spec.volumes[0]: Invalid value: "emptyDir": emptyDir volumes are not allowed to be used`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := simulate(t, nil, nil, podOf(t, c.pod), policyOf(t, "p", lenient+c.spec))
			if len(r.Errors) != 1 || r.Errors[0].Error() != c.want {
				t.Errorf("got %+v\nwant %s", r.Errors, c.want)
			}
		})
	}
}

func TestThePatchSaysWhatThePolicyChanged(t *testing.T) {
	t.Parallel()
	p := withAnnotations(policyOf(t, "p", `  volumes: ['*']
  runAsUser: {rule: MustRunAsNonRoot}
  seLinux: {rule: MustRunAs, seLinuxOptions: {type: container_t}}
  fsGroup: {rule: MustRunAs, ranges: [{min: 7, max: 9}]}
  supplementalGroups: {rule: RunAsAny}
  requiredDropCapabilities: [CHOWN]
  defaultAddCapabilities: [KILL]
`), appArmorDefault, "runtime/default")
	pod := podOf(t, `metadata: {annotations: {a: b}}
spec:
  securityContext: {runAsGroup: 1}
  containers:
    - {name: c, securityContext: {capabilities: {drop: [KILL]}, runAsUser: 5}}
    - {name: d}
`)
	before := pod.DeepCopy()
	got, err := json.Marshal(simulate(t, nil, nil, pod, p).Patch)
	if err != nil {
		t.Fatal(err)
	}
	want := `[` + strings.Join([]string{
		`{"op":"add","path":"/metadata/annotations/container.apparmor.security.beta.kubernetes.io~1c","value":"runtime/default"}`,
		`{"op":"add","path":"/metadata/annotations/container.apparmor.security.beta.kubernetes.io~1d","value":"runtime/default"}`,
		`{"op":"replace","path":"/spec/containers/0/securityContext/capabilities/drop","value":["CHOWN","KILL"]}`,
		`{"op":"add","path":"/spec/containers/1/securityContext","value":{"capabilities":{"add":["KILL"],"drop":["CHOWN"]},"runAsNonRoot":true}}`,
		`{"op":"add","path":"/spec/securityContext/fsGroup","value":7}`,
		`{"op":"add","path":"/spec/securityContext/seLinuxOptions","value":{"type":"container_t"}}`,
	}, ",") + `]`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before, pod); diff != "" {
		t.Errorf("the pod itself was changed:\n%s", diff)
	}
}
