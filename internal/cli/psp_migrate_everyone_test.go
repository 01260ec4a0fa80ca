package cli

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/psp"
)

const rbacOfOld = "/apis/rbac.authorization.k8s.io/v1/"

// giveAll lets every policy be used by a role that names none, bound to a subject in
// a namespace or, without one, in all of them.
func giveAll(s *oldServer, namespace, subject string) {
	s.objects[rbacOfOld+"clusterroles/use-all"] = object(`{"metadata":{"name":"use-all"},"rules":[{"apiGroups":["policy"],"resources":["podsecuritypolicies"],"verbs":["use"]}]}`)
	at := rbacOfOld + "clusterrolebindings/all"
	if namespace != "" {
		at = rbacOfOld + "namespaces/" + namespace + "/rolebindings/all"
	}
	bound := object(`{"roleRef":{"kind":"ClusterRole","name":"use-all"},"subjects":[` + subject + `]}`)
	bound["metadata"] = map[string]any{"name": path.Base(at), "namespace": namespace}
	s.objects[at] = bound
}

func TestPodSecurityPolicyIsNotTakenAwayWhereNobodyWasAskedAbout(t *testing.T) {
	t.Parallel()
	const all, some, master = `{"kind":"Group","name":"system:serviceaccounts"}`, `{"kind":"Group","name":"system:serviceaccounts:shop"}`, `{"kind":"Group","name":"system:masters"}`
	const says = "PodSecurityPolicy is left as it is: a policy that admits everything would count elsewhere, too, by roles that name no policy: ClusterRole use-all, which "
	for _, c := range []struct {
		name, namespace, subject, typed string
		args                            []string
		want                            []string
		says                            string
	}{
		{"every service account", "", all, "y\ny\n", nil, nil, says + "ClusterRoleBinding all gives to Group system:serviceaccounts; give the policies that are meant as resourceNames there, or pass --allow-weaker\n"},
		{"every service account, and one namespace is named", "", all, "", []string{"shop", "--yes"}, nil, says + "ClusterRoleBinding all gives to Group system:serviceaccounts; "},
		{"a service account elsewhere", "", `{"kind":"ServiceAccount","namespace":"blog","name":"app"}`, "", []string{"shop", "--yes"}, nil, says + "ClusterRoleBinding all gives to ServiceAccount blog/app; "},
		{"the same if it is meant as well", "", `{"kind":"ServiceAccount","namespace":"blog","name":"app"}`, "", []string{"--yes"}, bypass("blog", "shop"), ""},
		{"a user", "", `{"kind":"User","name":"jane"}`, "", []string{"--yes"}, nil, says + "ClusterRoleBinding all gives to User jane; "},
		{"somebody in another namespace", "blog", all, "", []string{"shop", "--yes"}, nil, says + "RoleBinding blog/all gives to Group system:serviceaccounts; "},
		{"somebody in a namespace that the answer is no for", "shop", all, "y\nn\n", nil, nil, says + "RoleBinding shop/all gives to Group system:serviceaccounts; "},
		{"somebody in the namespace", "shop", all, "", []string{"shop", "--yes"}, bypass("shop"), ""},
		{"the service accounts of the namespace", "", some, "", []string{"shop", "--yes"}, bypass("shop"), ""},
		{"superusers", "", master, "", []string{"--yes"}, bypass("blog", "shop"), ""},
		{"nobody", "", "", "", []string{"--yes"}, bypass("blog", "shop"), ""},
		{"it is meant", "", all, "", []string{"shop", "--yes", "--allow-weaker"}, bypass("shop"), "note: a policy that admits everything would count elsewhere, too"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			api := &oldServer{t: t, labels: map[string]map[string]string{"blog": labelledAlready(), "shop": labelledAlready()}, objects: map[string]map[string]any{}}
			giveAll(api, c.namespace, c.subject)
			s, out, stderr := atTerminal(t, api, c.typed, append([]string{"psp", "migrate", "--apply"}, c.args...)...)
			if code := Main(s); (code == 0) != (len(c.want) > 0) {
				t.Errorf("exit code %d: %s%s", code, out, stderr)
			}
			if diff := cmp.Diff(c.want, api.written); diff != "" {
				t.Errorf("written (-want +got):\n%s", diff)
			}
			if !strings.Contains(stderr.String(), c.says) || c.says == "" && strings.Contains(stderr.String(), "would count elsewhere") {
				t.Errorf("it says not %q:\n%s", c.says, stderr)
			}
			listed := c.subject != "" && !strings.Contains(c.subject, "masters")
			if got := strings.Contains(out.String(), "These roles let every policy be used"); got != listed {
				t.Errorf("roles that let every policy be used are listed: %v\n%s", got, out)
			}
		})
	}
}

func TestPodSecurityPolicyStaysWhereNobodyKnowsWhoMayUseIt(t *testing.T) {
	t.Parallel()
	api := &oldServer{
		t: t, labels: map[string]map[string]string{"shop": labelledAlready()},
		refused: map[string]string{"GET " + rbacOfOld + "clusterrolebindings": "you may not"},
	}
	s, out, stderr := atTerminal(t, api, "", "psp", "migrate", "--apply", "--yes")
	if code := Main(s); code == 0 || len(api.written) > 0 {
		t.Errorf("exit code %d, written: %v\n%s", code, api.written, out)
	}
	if want := "clusterrolebindings.rbac.authorization.k8s.io could not be listed; somebody who may list that has to do it, or pass --allow-weaker\n"; !strings.Contains(stderr.String(), want) {
		t.Errorf("it says not %q:\n%s", want, stderr)
	}
}

func TestWhatEverybodyMayUseByAccidentSaysNothingOfWhatWasAsked(t *testing.T) {
	t.Parallel()
	for name, binding := range map[string]string{"by accident": "", "it was taken away there": `{"kind":"Group","name":"system:serviceaccounts:shop"}`} {
		api := oldWorld(t)
		giveAll(api, "", `{"kind":"Group","name":"system:serviceaccounts"}`)
		api.objects["/apis/policy/v1beta1/podsecuritypolicies/"+psp.BypassName] = object(`{"metadata":{"name":"` + psp.BypassName + `"},"spec":{
			"privileged":true,"hostNetwork":true,"volumes":["*"],"allowedCapabilities":["*"],"hostPorts":[{"min":0,"max":65535}],
			"seLinux":{"rule":"RunAsAny"},"runAsUser":{"rule":"RunAsAny"},"fsGroup":{"rule":"RunAsAny"},"supplementalGroups":{"rule":"RunAsAny"}}}`)
		if binding != "" {
			api.objects[rbacOfOld+"clusterroles/"+bypassBinding] = object(`{"metadata":{"name":"` + bypassBinding + `"},"rules":[
				{"apiGroups":["policy"],"resources":["podsecuritypolicies"],"resourceNames":["` + psp.BypassName + `"],"verbs":["use"]}]}`)
			api.objects[rbacOfOld+"namespaces/shop/rolebindings/"+bypassBinding] = object(`{"metadata":{"name":"` + bypassBinding + `","namespace":"shop"},
				"roleRef":{"kind":"ClusterRole","name":"` + bypassBinding + `"},"subjects":[` + binding + `]}`)
		}
		template := api.objects[webOfOld]["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
		template["hostNetwork"] = true
		s, out, stderr := atTerminal(t, api, "", "psp", "migrate", "shop", "-o", "json")
		if code := Main(s); code != 0 {
			t.Fatalf("%s: exit code %d: %s", name, code, stderr)
		}
		var m struct {
			Namespaces []struct {
				State    string   `json:"state"`
				Policies []string `json:"policies"`
				Bypassed bool     `json:"bypassed"`
			} `json:"namespaces"`
		}
		if err := decodeJSON(out.Bytes(), &m); err != nil || len(m.Namespaces) != 1 {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
		n, taken := m.Namespaces[0], binding != ""
		if n.Bypassed != taken || slices.Contains(n.Policies, psp.BypassName) != taken || (n.State == "fix") == taken {
			t.Errorf("%s: %+v", name, n)
		}
	}
}
