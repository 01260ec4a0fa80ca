package whocan_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/e2e/binaries"
	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/samples"
)

// allowed asks the API server whether a subject may do something.
func allowed(t *testing.T, plane *cluster.Cluster, s subject, r request) bool {
	t.Helper()
	resource, sub, _ := strings.Cut(r.resource, "/")
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: s.username(), Groups: s.groups(),
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: r.verb, Group: r.group, Resource: resource, Subresource: sub, Namespace: r.namespace, Name: r.name,
		},
	}}
	answer, err := plane.Client().AuthorizationV1().SubjectAccessReviews().Create(t.Context(), review, metav1.CreateOptions{})
	if err != nil {
		t.Error(err)
		return false
	}
	return answer.Status.Allowed
}

// inParallel calls f for every number below n.
func inParallel(n int, f func(i int)) {
	var wait sync.WaitGroup
	next := make(chan int)
	for range 8 {
		wait.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wait.Wait()
}

// newRandom returns a source of chance, a new one unless the environment names
// its seed.
func newRandom(t *testing.T) *rand.Rand {
	t.Helper()
	return rand.New(rand.NewPCG(samples.Seed(t), 0)) //nolint:gosec // a test
}

// TestWhoCan asks all of one cluster: starting one takes longer than to ask.
func TestWhoCan(t *testing.T) {
	t.Parallel()
	random := newRandom(t)
	plane := cluster.ForTest(t, cluster.Options{Users: users})
	gabion, err := binaries.Gabion(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	build(t, plane, random)
	t.Run("the API server agrees", func(t *testing.T) { agrees(t, plane, gabion, random) })
	t.Run("a snapshot says what the cluster said", func(t *testing.T) { saysTheSame(t, plane, gabion) })
	t.Run("who may list only a part is told so", func(t *testing.T) { hidesNothing(t, plane, gabion) })
	t.Run("people can do what it says they can", func(t *testing.T) { peopleCan(t, plane, gabion) })
}

// agrees holds all answers against the API server's, and a sample of its answers
// against them.
func agrees(t *testing.T, plane *cluster.Cluster, gabion string, random *rand.Rand) {
	t.Helper()
	for _, can := range []string{"weaken", "bypass"} {
		all, exit, stderr := ask(t, plane, gabion, plane.Kubeconfig(), can, "--system")
		if exit != 0 || len(all) < 50 {
			t.Fatalf("%s: exit code %d, %d answers: %s", can, exit, len(all), stderr)
		}
		t.Logf("%s: %d answers", can, len(all))
		everyAnswerIsTrue(t, plane, can, all)
		nothingIsLeftOut(t, plane, can, all, random)
	}
}

// everyAnswerIsTrue asks the API server about every answer.
func everyAnswerIsTrue(t *testing.T, plane *cluster.Cluster, can string, all answers) {
	t.Helper()
	inParallel(len(all), func(i int) {
		h := &all[i]
		for _, r := range h.requests() {
			if !allowed(t, plane, h.subject, r) {
				t.Errorf("%s: %s %s may not %s, by %s/%s: %+v", can, h.subject.Kind, h.subject.Name, r, h.bindingIn, h.binding, *h)
			}
		}
		if h.AsTotal != len(h.As) {
			t.Errorf("%s: not all of the others are named: %+v", can, *h)
		}
		for _, other := range h.As {
			if other.Name != "system:masters" && !slices.ContainsFunc(all, func(o held) bool { return o.concerns(other) }) {
				t.Errorf("%s: %+v can do nothing: %+v", can, other, *h)
			}
		}
	})
}

// catalogue are the rights that matter, apart from who else one can be.
var catalogue = map[string][]string{
	"weaken": {
		"update,patch .namespaces,namespaces/status", "update .namespaces/finalize", "create .namespaces",
		"create,update,patch,delete,deletecollection admissionregistration.k8s.io.validatingwebhookconfigurations,mutatingwebhookconfigurations,validatingadmissionpolicies,validatingadmissionpolicybindings,mutatingadmissionpolicies,mutatingadmissionpolicybindings",
		"weaken gabion.io.podsecuritylevels", "create,update,patch,delete,deletecollection gabion.io.podsecurityguards,podsecurityexceptions,podsecurityprofiles",
		"create,update,patch,delete,deletecollection apiextensions.k8s.io.customresourcedefinitions", "create,update,patch apiregistration.k8s.io.apiservices",
		"update,patch,delete .secrets,configmaps", "update,patch,delete apps.deployments",
		"escalate rbac.authorization.k8s.io.roles,clusterroles", "bind rbac.authorization.k8s.io.roles,clusterroles",
		"impersonate .users,groups,serviceaccounts", "create .serviceaccounts/token,pods,secrets", "create,update,patch apps.deployments,daemonsets,statefulsets,replicasets",
		"create,update,patch batch.jobs,cronjobs", "update,patch certificates.k8s.io.certificatesigningrequests/approval", "get,create .nodes/proxy",
	},
	"bypass": {
		"create .pods,pods/exec,pods/attach,persistentvolumes", "update,patch .pods,pods/ephemeralcontainers", "create,update,patch .replicationcontrollers",
		"create,update,patch apps.deployments,daemonsets,statefulsets,replicasets", "create,update,patch batch.jobs,cronjobs", "get,create .nodes/proxy",
		"escalate rbac.authorization.k8s.io.roles,clusterroles", "bind rbac.authorization.k8s.io.roles,clusterroles",
		"impersonate .users,groups,serviceaccounts", "create .serviceaccounts/token,secrets", "update,patch certificates.k8s.io.certificatesigningrequests/approval",
	},
}

// ofCluster are the resources without a namespace.
var ofCluster = []string{
	"nodes/proxy", "persistentvolumes", "users", "groups", "clusterroles", "podsecuritylevels", "podsecurityguards", "podsecurityexceptions", "podsecurityprofiles",
	"customresourcedefinitions", "apiservices", "certificatesigningrequests/approval", "validatingwebhookconfigurations", "mutatingwebhookconfigurations",
	"validatingadmissionpolicies", "validatingadmissionpolicybindings", "mutatingadmissionpolicies", "mutatingadmissionpolicybindings",
}

// nothingIsLeftOut asks the API server at random, and looks for an answer to
// everything that it allows.
func nothingIsLeftOut(t *testing.T, plane *cluster.Cluster, can string, all answers, random *rand.Rand) {
	t.Helper()
	type question struct {
		subject subject
		request request
	}
	subjects := everybody(t, plane)
	questions := make([]question, 3000)
	for i := range questions {
		s := subjects[random.IntN(len(subjects))]
		questions[i] = question{s, randomRequest(can, random)}
	}
	var mu sync.Mutex
	found, refused := 0, 0
	inParallel(len(questions), func(i int) {
		s, r := questions[i].subject, questions[i].request
		yes := allowed(t, plane, s, r)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case !yes:
			refused++
			if all.covers(s, r) && r.name != "" {
				t.Errorf("%s: %s %s/%s may not %s, whatever gabion says", can, s.Kind, s.Namespace, s.Name, r)
			}
		case all.covers(s, r):
			found++
		case harmless(can, all, subjects, s, r):
		default:
			t.Errorf("%s: gabion does not say that %s %s/%s may %s", can, s.Kind, s.Namespace, s.Name, r)
		}
	})
	t.Logf("%s: %d found, %d refused of %d", can, found, refused, len(questions))
	if found < 25 || refused < 500 {
		t.Errorf("%s: the sample says little: %d found, %d refused of %d", can, found, refused, len(questions))
	}
}

func randomRequest(can string, random *rand.Rand) request {
	pick := func(list string) string {
		choices := strings.Split(list, ",")
		return choices[random.IntN(len(choices))]
	}
	verbs, what, _ := strings.Cut(catalogue[can][random.IntN(len(catalogue[can]))], " ")
	last := strings.LastIndex(strings.SplitN(what, ",", 2)[0], ".")
	r := request{verb: pick(verbs), group: what[:max(last, 0)], resource: pick(what[last+1:])}
	r.name = pick("unheard-of,mine,strong,gabion,gabion-tls,base,free,ann")
	if slices.Contains(ofCluster, r.resource) && r.verb != "bind" {
		switch {
		case r.resource == "customresourcedefinitions":
			r.name = "podsecurityguards.gabion.io"
		case r.resource == "apiservices":
			r.name = "v1alpha1.gabion.io"
		case r.verb == "create":
			r.name = pick(",mine")
		}
		if r.verb == "deletecollection" {
			r.name = ""
		}
		return r
	}
	r.namespace = pick("base,free,none,gabion-system,kube-system")
	if strings.HasPrefix(r.resource, "namespaces") {
		r.name = r.namespace
		if r.verb == "create" {
			r.namespace = ""
		}
	}
	if r.verb == "deletecollection" {
		r.name = ""
	}
	return r
}

// everybody are the subjects of all bindings, and some service accounts.
func everybody(t *testing.T, plane *cluster.Cluster) (all []subject) {
	t.Helper()
	bound := func(subjects []rbacv1.Subject) {
		for _, s := range subjects {
			s := subject{s.Kind, s.Namespace, s.Name}
			if !slices.Contains(all, s) && !strings.HasPrefix(s.Name, "system:serviceaccount:") { // which is an account
				all = append(all, s)
			}
		}
	}
	inNamespaces, err := plane.Client().RbacV1().RoleBindings("").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range inNamespaces.Items {
		bound(b.Subjects)
	}
	ofCluster, err := plane.Client().RbacV1().ClusterRoleBindings().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range ofCluster.Items {
		if b.Labels["kubernetes.io/bootstrapping"] == "" {
			bound(b.Subjects)
		}
	}
	for _, namespace := range []string{"base", "free", "none", "gabion-system", "kube-system"} {
		for _, name := range []string{"default", "strong", "weak", "clusterrole-aggregation-controller"} {
			bound([]rbacv1.Subject{{Kind: "ServiceAccount", Namespace: namespace, Name: name}})
		}
	}
	return all
}

// becoming reports whether a request is one by which somebody can be somebody else.
func becoming(r request) bool {
	return slices.Contains([]string{"escalate", "bind", "impersonate"}, r.verb) ||
		slices.Contains([]string{"serviceaccounts/token", "secrets", "certificatesigningrequests/approval"}, r.resource)
}

// harmless reports whether what somebody may do is of no use to weaken or
// bypass: nothing of Gabion's is there, nobody strong can be become, or something
// is enforced.
func harmless(can string, all answers, subjects []subject, s subject, r request) bool {
	if can == "bypass" && !becoming(r) {
		return r.namespace == "base" && !slices.Contains(ofCluster, r.resource)
	}
	asAccount := r.resource == "serviceaccounts" || r.resource == "serviceaccounts/token"
	making := r.resource == "secrets" && r.verb == "create" || slices.Contains([]string{"pods", "deployments", "daemonsets", "statefulsets", "replicasets", "jobs", "cronjobs"}, r.resource)
	switch {
	case r.resource == "secrets" && !making || r.resource == "configmaps" || r.resource == "deployments" && r.verb == "delete":
		return r.namespace != "gabion-system" || r.name != map[string]string{"secrets": "gabion-tls"}[r.resource] && r.name != "gabion"
	case asAccount || making:
		strong := slices.DeleteFunc(all.strongIn(r.namespace, subjects), func(a subject) bool { return a == s || a.Kind != "ServiceAccount" })
		if asAccount {
			strong = slices.DeleteFunc(strong, func(a subject) bool { return a.Name != r.name })
		}
		return len(strong) == 0
	case r.resource == "users" || r.resource == "groups":
		named := subject{map[string]string{"users": "User", "groups": "Group"}[r.resource], "", r.name}
		return !slices.ContainsFunc(all, func(h held) bool { return h.subject == named })
	}
	return false
}
