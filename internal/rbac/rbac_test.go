package rbac

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func rule(verb, group, resource string, names ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{Verbs: []string{verb}, APIGroups: []string{group}, Resources: []string{resource}, ResourceNames: names}
}

func TestARuleAllowsWhatItListsAndNothingElse(t *testing.T) {
	t.Parallel()
	use := Request{Verb: "use", Group: "policy", Resource: "podsecuritypolicies", Name: "p"}
	status := Request{Verb: "update", Group: "apps", Resource: "deployments/status"}
	for _, c := range []struct {
		name    string
		rule    rbacv1.PolicyRule
		request Request
		want    bool
	}{
		{"the very request is allowed", rule("use", "policy", "podsecuritypolicies"), use, true},
		{"its name is allowed by name", rule("use", "policy", "podsecuritypolicies", "q", "p"), use, true},
		{"another name is not", rule("use", "policy", "podsecuritypolicies", "q"), use, false},
		{"an asterisk is no name", rule("use", "policy", "podsecuritypolicies", "*"), use, false},
		{"no prefix is a name", rule("use", "policy", "podsecuritypolicies", "p*"), use, false},
		{"asterisks allow it", rule("*", "*", "*"), use, true},
		{"another verb does not", rule("get", "policy", "podsecuritypolicies"), use, false},
		{"another group does not", rule("use", "extensions", "podsecuritypolicies"), use, false},
		{"another resource does not", rule("use", "policy", "poddisruptionbudgets"), use, false},
		{"a subresource has to be listed", rule("update", "apps", "deployments"), status, false},
		{"a subresource of everything is allowed by asterisk", rule("update", "apps", "*/status"), status, true},
		{"all subresources of one thing cannot be listed", rule("update", "apps", "deployments/*"), status, false},
		{"everything has subresources too", rule("update", "apps", "*"), status, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := Allows(&c.rule, &c.request); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func clusterRole(name string, labels map[string]string, rules ...rbacv1.PolicyRule) rbacv1.ClusterRole {
	return rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Rules: rules}
}

func subject(kind, namespace, name string) rbacv1.Subject {
	return rbacv1.Subject{Kind: kind, Namespace: namespace, Name: name}
}

// world has one role for each way in which somebody comes to a right.
func world() *Objects {
	use := func(name string) rbacv1.PolicyRule { return rule("use", "policy", "podsecuritypolicies", name) }
	every := clusterRole("every", nil)
	every.AggregationRule = &rbacv1.AggregationRule{ClusterRoleSelectors: []metav1.LabelSelector{{MatchLabels: map[string]string{"to": "every"}}}}
	return &Objects{
		ClusterRoles: []rbacv1.ClusterRole{
			clusterRole("all", nil, use("all")), clusterRole("here", nil, use("here")),
			every, clusterRole("part", map[string]string{"to": "every"}, use("part")),
		},
		ClusterRoleBindings: []rbacv1.ClusterRoleBinding{
			{ObjectMeta: metav1.ObjectMeta{Name: "all"}, RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "all"}, Subjects: []rbacv1.Subject{
				subject("Group", "", "system:serviceaccounts:shop"), subject("User", "", "jane"), subject("ServiceAccount", "", "default"),
			}},
			{ObjectMeta: metav1.ObjectMeta{Name: "every"}, RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "every"}, Subjects: []rbacv1.Subject{
				subject("Group", "", "system:authenticated"),
			}},
			{ObjectMeta: metav1.ObjectMeta{Name: "gone"}, RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "gone"}},
		},
		Roles: []rbacv1.Role{{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "own"}, Rules: []rbacv1.PolicyRule{use("own")}}},
		RoleBindings: []rbacv1.RoleBinding{
			{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "here"}, RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "here"}, Subjects: []rbacv1.Subject{
				subject("ServiceAccount", "", "app"), subject("ServiceAccount", "tools", "ci"),
			}},
			{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "own"}, RoleRef: rbacv1.RoleRef{Kind: "Role", Name: "own"}, Subjects: []rbacv1.Subject{
				subject("Group", "", "developers"),
			}},
			{ObjectMeta: metav1.ObjectMeta{Namespace: "blog", Name: "own"}, RoleRef: rbacv1.RoleRef{Kind: "Role", Name: "own"}, Subjects: []rbacv1.Subject{
				subject("Group", "", "developers"),
			}},
		},
	}
}

func TestBindingsGiveRightsToWhomTheyNameWhereTheyStand(t *testing.T) {
	t.Parallel()
	a := New(world())
	for _, c := range []struct {
		name            string
		user            User
		namespace, what string
		want            bool
	}{
		{"a user has what the cluster gives", NewUser("jane"), "blog", "all", true},
		{"another user has not", NewUser("joan"), "blog", "all", false},
		{"an account has what its namespace's group has", ServiceAccount("shop", "any"), "shop", "all", true},
		{"the group counts in other namespaces too", ServiceAccount("shop", "any"), "blog", "all", true},
		{"an account of another namespace is not in the group", ServiceAccount("blog", "any"), "shop", "all", false},
		{"an account without a namespace is nobody's in a ClusterRoleBinding", ServiceAccount("", "default"), "blog", "all", false},
		{"a RoleBinding means its own namespace's account", ServiceAccount("shop", "app"), "shop", "here", true},
		{"and no account of the same name elsewhere", ServiceAccount("blog", "app"), "shop", "here", false},
		{"and gives nothing in another namespace", ServiceAccount("shop", "app"), "blog", "here", false},
		{"it may name an account elsewhere", ServiceAccount("tools", "ci"), "shop", "here", true},
		{"a Role counts in its namespace", NewUser("joan", "developers"), "shop", "own", true},
		{"a Role of that name elsewhere is another one", NewUser("joan", "developers"), "blog", "own", false},
		{"an aggregated role has what its parts have", NewUser("joan"), "blog", "part", true},
		{"the anonymous user is not authenticated", NewUser("system:anonymous"), "blog", "part", false},
		{"masters may do everything", NewUser("root", "system:masters"), "blog", "own", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := Request{Verb: "use", Group: "policy", Resource: "podsecuritypolicies", Namespace: c.namespace, Name: c.what}
			if got := a.Allowed(c.user, r); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestUsersAreInTheGroupsThatTheirNamesSay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		user User
		want []string
	}{
		{NewUser("jane", "developers"), []string{"developers", "system:authenticated"}},
		{NewUser("jane", "system:authenticated"), []string{"system:authenticated"}},
		{NewUser("system:anonymous"), []string{"system:unauthenticated"}},
		{ServiceAccount("shop", "app"), []string{"system:authenticated", "system:serviceaccounts", "system:serviceaccounts:shop"}},
		{NewUser("system:serviceaccount:shop:app"), []string{"system:authenticated", "system:serviceaccounts", "system:serviceaccounts:shop"}},
		{NewUser("system:serviceaccount:odd"), []string{"system:authenticated"}},
	} {
		if diff := cmp.Diff(c.want, c.user.Groups); diff != "" {
			t.Errorf("%s: %s", c.user.Name, diff)
		}
	}
}

func TestABindingToARoleThatIsNotKnownIsNamed(t *testing.T) {
	t.Parallel()
	var got []string
	for _, d := range New(world()).Dangling() {
		got = append(got, d.Binding.String()+" -> "+d.Role.String())
	}
	if diff := cmp.Diff([]string{"ClusterRoleBinding gone -> ClusterRole gone", "RoleBinding blog/own -> Role blog/own"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestABindingToClusterAdminNeedsNoRoleInTheInput(t *testing.T) {
	t.Parallel()
	o := &Objects{RoleBindings: []rbacv1.RoleBinding{{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "b"}, RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects: []rbacv1.Subject{subject("User", "", "jane")},
	}}}
	a := New(o)
	use := Request{Verb: "use", Group: "policy", Resource: "podsecuritypolicies", Namespace: "shop", Name: "p"}
	if !a.Allowed(NewUser("jane"), use) {
		t.Error("the namespace's administrator may not use a policy")
	}
	use.Namespace = "blog"
	if a.Allowed(NewUser("jane"), use) {
		t.Error("the namespace's administrator may use a policy elsewhere")
	}
	if len(a.Dangling()) > 0 {
		t.Errorf("got %v", a.Dangling())
	}
}

func TestClustersThatBindClusterAdminOtherwiseAreTakenAtTheirWord(t *testing.T) {
	t.Parallel()
	o := &Objects{ClusterRoleBindings: []rbacv1.ClusterRoleBinding{{
		ObjectMeta: metav1.ObjectMeta{Name: "cluster-admin"}, RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects: []rbacv1.Subject{subject("Group", "", "admins")},
	}}}
	use := Request{Verb: "use", Group: "policy", Resource: "podsecuritypolicies", Name: "p"}
	a := New(o)
	if a.Allowed(NewUser("root", "system:masters"), use) || !a.Allowed(NewUser("root", "admins"), use) {
		t.Error("the binding in the input does not count")
	}
}

func TestOfTwoRolesOfOneNameTheFirstCounts(t *testing.T) {
	t.Parallel()
	role := func(rules ...rbacv1.PolicyRule) rbacv1.Role {
		return rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "r"}, Rules: rules}
	}
	use := rule("use", "policy", "podsecuritypolicies")
	got := Rules(&Objects{
		ClusterRoles: []rbacv1.ClusterRole{clusterRole("r", nil, use), clusterRole("r", nil)}, Roles: []rbacv1.Role{role(), role(use)},
	})
	if len(got[Ref{Kind: KindClusterRole, Name: "r"}]) != 1 || len(got[Ref{KindRole, "shop", "r"}]) != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestBindingsThatGiveSomethingAreFoundByTheirRoles(t *testing.T) {
	t.Parallel()
	o := world()
	o.ClusterRoles = append(o.ClusterRoles, clusterRole("read", nil, rule("get", "policy", "podsecuritypolicies")))
	o.RoleBindings = append(o.RoleBindings, rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "read"}, RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "read"},
	})
	var got []string
	for _, b := range New(o).Giving("use", "policy", "podsecuritypolicies") {
		got = append(got, b.Ref.String())
	}
	want := []string{
		"ClusterRoleBinding all", "ClusterRoleBinding every", "RoleBinding shop/here", "RoleBinding shop/own", "ClusterRoleBinding cluster-admin",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
