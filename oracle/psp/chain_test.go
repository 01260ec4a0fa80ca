package psp

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1beta1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	core "k8s.io/kubernetes/pkg/apis/core"
	policyv1beta1 "k8s.io/kubernetes/pkg/apis/policy/v1beta1"
	"k8s.io/kubernetes/pkg/registry/rbac/validation"
	"k8s.io/kubernetes/plugin/pkg/admission/security/podsecuritypolicy"
	"k8s.io/kubernetes/plugin/pkg/admission/serviceaccount"
	rbacauthorizer "k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac"

	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/internal/rbac"
)

const (
	worldCount   = 800
	podsPerWorld = 8
	namespace    = "shop"
	chosen       = "kubernetes.io/psp"
)

// world is a small cluster: policies, who may use them, and service accounts.
type world struct {
	policies []*policy.PodSecurityPolicy
	rbac     rbac.Objects
	accounts []*corev1.ServiceAccount
}

// world makes one. Most policies are bound to somebody, and few to everybody.
func (r random) world() *world {
	w := &world{}
	bare := r.one(40) // without any policy
	for _, name := range []string{"a", "b", "c", "d"} {
		if bare || r.one(4) {
			continue
		}
		p := r.policy()
		if r.one(3) {
			p = r.lenient()
		}
		p.Name = name
		w.policies = append(w.policies, p)
	}
	for i := range r.IntN(4) + 1 {
		rules := []rbacv1.PolicyRule{r.rule()}
		ref := rbacv1.RoleRef{Kind: pick(r, "Role", "ClusterRole"), Name: fmt.Sprintf("role-%d", i)}
		if ref.Kind == "Role" {
			w.rbac.Roles = append(w.rbac.Roles, rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: pick(r, namespace, namespace, "blog"), Name: ref.Name}, Rules: rules})
		} else {
			w.rbac.ClusterRoles = append(w.rbac.ClusterRoles, rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: ref.Name}, Rules: rules})
		}
		for j := range r.IntN(3) + 1 {
			meta := metav1.ObjectMeta{Name: fmt.Sprintf("binding-%d-%d", i, j)}
			if ref.Kind == "Role" || r.one(2) {
				meta.Namespace = pick(r, namespace, namespace, "blog")
				w.rbac.RoleBindings = append(w.rbac.RoleBindings, rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: ref, Subjects: r.subjects()})
			} else {
				w.rbac.ClusterRoleBindings = append(w.rbac.ClusterRoleBindings, rbacv1.ClusterRoleBinding{ObjectMeta: meta, RoleRef: ref, Subjects: r.subjects()})
			}
		}
	}
	for _, name := range []string{"default", "app"} {
		a := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
		if r.one(3) {
			a.AutomountServiceAccountToken = maybe(r, true, false)
		}
		w.accounts = append(w.accounts, a)
	}
	return w
}

func (r random) rule() rbacv1.PolicyRule {
	rule := rbacv1.PolicyRule{
		Verbs: []string{pick(r, "use", "use", "use", "use", "*", "get")}, APIGroups: []string{pick(r, "policy", "policy", "policy", "extensions", "*", "apps")},
		Resources: []string{pick(r, "podsecuritypolicies", "podsecuritypolicies", "podsecuritypolicies", "podsecuritypolicies", "*",
			"podsecuritypolicies/status", "*/use")},
	}
	if r.one(3) {
		rule.ResourceNames = some(r, 2, "a", "b", "c", "d", "*")
	}
	return rule
}

func (r random) subjects() []rbacv1.Subject {
	return some(r, 3,
		rbacv1.Subject{Kind: "ServiceAccount", Name: "app", Namespace: namespace},
		rbacv1.Subject{Kind: "ServiceAccount", Name: "default"},
		rbacv1.Subject{Kind: "ServiceAccount", Name: "app", Namespace: "blog"},
		rbacv1.Subject{Kind: "User", Name: "jane"},
		rbacv1.Subject{Kind: "User", Name: "system:serviceaccount:shop:default"},
		rbacv1.Subject{Kind: "Group", Name: "developers"},
		rbacv1.Subject{Kind: "Group", Name: "system:serviceaccounts"},
		rbacv1.Subject{Kind: "Group", Name: "system:serviceaccounts:shop"},
		rbacv1.Subject{Kind: "Group", Name: "system:serviceaccounts:blog"},
		rbacv1.Subject{Kind: "Group", Name: "system:authenticated"},
		rbacv1.Subject{Kind: "Group", Name: "app"},
	)
}

// chain is the two plugins of Kubernetes that matter, in their order.
type chain []admission.MutationInterface

// initialize gives a plugin what it asks for.
type initialize func(admission.Interface)

// Initialize calls the function.
func (i initialize) Initialize(plugin admission.Interface) { i(plugin) }

// newChain returns Kubernetes' plugins in a world.
func newChain(t *testing.T, w *world) chain {
	t.Helper()
	factory := informers.NewSharedInformerFactory(nil, 0)
	for _, p := range w.policies {
		stored := p.DeepCopy()
		policyv1beta1.SetObjectDefaults_PodSecurityPolicy(stored)
		if err := factory.Policy().V1beta1().PodSecurityPolicies().Informer().GetStore().Add(stored); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range w.accounts {
		if err := factory.Core().V1().ServiceAccounts().Informer().GetStore().Add(a); err != nil {
			t.Fatal(err)
		}
	}
	_, roles := validation.NewTestRuleResolver(pointers(w.rbac.Roles), pointers(w.rbac.RoleBindings),
		pointers(w.rbac.ClusterRoles), pointers(w.rbac.ClusterRoleBindings))
	authorizer := rbacauthorizer.New(roles, roles, roles, roles)
	plugins := admission.NewPlugins()
	podsecuritypolicy.Register(plugins)
	serviceaccount.Register(plugins)
	var c chain
	for _, name := range []string{serviceaccount.PluginName, podsecuritypolicy.PluginName} {
		plugin, err := plugins.InitPlugin(name, nil, initialize(func(p admission.Interface) {
			if wants, ok := p.(initializer.WantsAuthorizer); ok {
				wants.SetAuthorizer(authorizer)
			}
			if wants, ok := p.(initializer.WantsExternalKubeClientSet); ok {
				wants.SetExternalKubeClientSet(kubernetes.New(nil)) // never asked: the informers know everything
			}
			if wants, ok := p.(initializer.WantsExternalKubeInformerFactory); ok {
				wants.SetExternalKubeInformerFactory(factory)
			}
		}))
		if err != nil {
			t.Fatal(err)
		}
		c = append(c, plugin.(admission.MutationInterface))
	}
	return c
}

func pointers[T any](list []T) []*T {
	out := make([]*T, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}

// admit has the first plugins of the chain admit a pod, which they change.
func (c chain) admit(pod *core.Pod, u rbac.User) error {
	for _, plugin := range c {
		attributes := admission.NewAttributesRecord(pod, nil, core.Kind("Pod").WithVersion("v1"), namespace, pod.Name,
			core.Resource("pods").WithVersion("v1"), "", admission.Create, &metav1.CreateOptions{}, false, &user.DefaultInfo{Name: u.Name, Groups: u.Groups})
		if err := plugin.Admit(context.Background(), attributes, nil); err != nil {
			return err
		}
	}
	return nil
}

func TestRandomClustersAdmitByThePolicyThatThePluginChose(t *testing.T) {
	t.Parallel()
	s := newTrial(t, worldCount)
	seen := map[string]int{}
	for n := s.first; n < s.first+s.count && !t.Failed(); n++ {
		compareWorld(t, newRandom(s.seed, ^n), seen)
		if t.Failed() {
			t.Logf("again: GABION_SEED=%d GABION_FIRST=%d GABION_COUNT=1", s.seed, n)
		}
	}
	t.Log(seen)
	for want, least := range map[string]int{
		"admitted as it is": 200, "admitted mutated": 200, "refused with errors": 200, "refused without errors": 200, "no policies": podsPerWorld,
	} {
		if s.count == worldCount && !t.Failed() && seen[want] < least {
			t.Errorf("the clusters are too much alike: %s %d times", want, seen[want])
		}
	}
}

// compareWorld compares what becomes of some pods in one cluster.
func compareWorld(t *testing.T, r random, seen map[string]int) {
	t.Helper()
	w := r.world()
	plugins := newChain(t, w)
	var ours []*psp.Policy
	for _, p := range w.policies {
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		parsed, _, err := psp.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		ours = append(ours, parsed)
	}
	r.Shuffle(len(ours), func(i, j int) { ours[i], ours[j] = ours[j], ours[i] })
	simulator := psp.NewSimulator(ours, rbac.New(&w.rbac))
	for range podsPerWorld {
		pod := r.pod()
		pod.Namespace = namespace
		pod.Spec.ServiceAccountName = pick(r, "", "default", "app")
		pod.Spec.AutomountServiceAccountToken = pick(r, nil, nil, new(true), new(false))
		text, err := json.Marshal(pod)
		if err != nil {
			t.Fatal(err)
		}
		text = withEmptyLists(text)
		creator := pick(r, rbac.NewUser("jane"), rbac.NewUser("joan", "developers"), rbac.ServiceAccount("blog", "app"))
		request := psp.Request{Namespace: namespace, Pod: new(corev1.Pod), User: &creator, Account: w.accounts[0]}
		if pod.Spec.ServiceAccountName == "app" {
			request.Account = w.accounts[1]
		}
		if err := json.Unmarshal(text, request.Pod); err != nil {
			t.Fatal(err)
		}
		result, err := simulator.Simulate(request)
		if err != nil {
			t.Fatal(err)
		}
		theirs := internalPod(t, text)
		err = plugins.admit(theirs, creator)
		seen[compareResult(t, plugins, text, &result, theirs, err)]++
		if t.Failed() {
			all, _ := json.Marshal(w.policies) //nolint:errchkjson // it was done before
			t.Logf("policies %s\nRBAC %+v\ncreator %+v", all, w.rbac, creator)
			return
		}
	}
}

// compareResult compares one outcome, and says of which sort it was.
func compareResult(t *testing.T, c chain, text []byte, ours *psp.Result, theirs *core.Pod, refused error) string {
	t.Helper()
	if ours.Admitted != (refused == nil) || ours.Policy != theirs.Annotations[chosen] {
		t.Errorf("pod %s\ngot %+v\nwant policy %q, %v", text, ours, theirs.Annotations[chosen], refused)
		return ""
	}
	if refused != nil {
		// The plugin goes over the policies in random order.
		message := strings.TrimPrefix(refused.Error(), `pods "pod" is forbidden: `)
		if len(message) != len(ours.Message) {
			t.Errorf("pod %s\ngot %s\nwant %s", text, ours.Message, message)
		}
		for _, e := range ours.Errors {
			if !strings.Contains(message, e.Error()) {
				t.Errorf("pod %s\nerror %s is not in %s", text, e, message)
			}
		}
		switch {
		case len(ours.Errors) > 0:
			return "refused with errors"
		case strings.HasSuffix(message, "no providers available to validate pod request"):
			return "no policies"
		}
		return "refused without errors"
	}
	patched := apply(t, ours.Patch, text)
	got := internalPod(t, patched)
	if err := c[:1].admit(got, rbac.User{}); err != nil {
		t.Fatal(err)
	}
	delete(theirs.Annotations, chosen)
	if !apiequality.Semantic.DeepEqual(withoutSuffix(got), withoutSuffix(theirs)) {
		t.Errorf("pod %s\npatched to %s\nwant %#v", text, patched, theirs)
	}
	if len(ours.Patch) > 0 {
		return "admitted mutated"
	}
	return "admitted as it is"
}

// withoutSuffix takes the random end off the name of the token's volume.
func withoutSuffix(pod *core.Pod) *core.Pod {
	plain := func(name string) string {
		if strings.HasPrefix(name, serviceaccount.ServiceAccountVolumeName+"-") {
			return serviceaccount.ServiceAccountVolumeName
		}
		return name
	}
	for i := range pod.Spec.Volumes {
		pod.Spec.Volumes[i].Name = plain(pod.Spec.Volumes[i].Name)
	}
	for _, list := range [][]core.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			for j := range list[i].VolumeMounts {
				list[i].VolumeMounts[j].Name = plain(list[i].VolumeMounts[j].Name)
			}
		}
	}
	return pod
}
