package access_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/access"
	"github.com/gabion-security/gabion/internal/inventory"
)

// weakeners are all who can weaken, in lines.
func weakeners(t *testing.T, manifests string, namespaces ...string) []string {
	t.Helper()
	return lines(access.Ask(access.Question{
		Aim: access.Weaken, Inventory: world(t, manifests), Installation: "gabion-system", Namespaces: namespaces,
	}).Grants)
}

func TestWhoCanWeaken(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		manifests string
		want      []string
	}{
		"a tenant who may change the status of namespaces in the own one": {
			binds("ann", "shop", "Role", `{apiGroups: [""], resources: [namespaces/status], verbs: [patch]}`),
			words("ann: namespace-labels: patch namespaces/status in shop"),
		},
		"a tenant whose Role names the own namespace": {
			binds("ann", "shop", "Role", `{apiGroups: [""], resources: [namespaces], verbs: [update], resourceNames: [blog, shop]}`),
			words("ann: namespace-labels: update namespaces in shop"),
		},
		"no tenant whose Role names another namespace": {
			binds("ann", "shop", "Role", `{apiGroups: [""], resources: [namespaces], verbs: [update], resourceNames: [blog]}`),
			words(),
		},
		"who may change some namespaces by name": {
			binds("ann", "", "ClusterRole", `{apiGroups: [""], resources: [namespaces], verbs: [update, create], resourceNames: [shop, blog]}`),
			words(
				"ann: create-namespaces: create namespaces named blog,shop everywhere",
				"ann: namespace-labels: update namespaces in blog,shop",
			),
		},
		"who may do everything in the own namespace, which is little": {
			binds("ann", "shop", "Role", `{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}`),
			words(
				"ann: bind: bind clusterroles in shop",
				"ann: bind: bind roles in shop",
				"ann: escalate: escalate roles in shop",
				"ann: namespace-labels: update namespaces/finalize in shop",
				"ann: namespace-labels: update,patch namespaces,namespaces/status in shop",
			),
		},
		"the status of anything by a ClusterRole that is bound in a namespace": {
			binds("ann", "shop", "ClusterRole", `{apiGroups: ["*"], resources: ["*/status"], verbs: ["*"]}`),
			words("ann: namespace-labels: update,patch namespaces/status in shop"),
		},
		"no objects of the cluster by a binding in a namespace": {
			binds("ann", "shop", "ClusterRole", `{apiGroups: ["*"], verbs: ["*"],
				resources: [validatingwebhookconfigurations, validatingadmissionpolicies, customresourcedefinitions, clusterroles, users, nodes/proxy, podsecuritylevels]}`),
			words("ann: bind: bind clusterroles in shop"),
		},
		"no writer of other definitions by name, but of Gabion's": {
			join(
				binds("ann", "", "ClusterRole", `{apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [delete, get], resourceNames: [a.example.com]}`),
				binds("bob", "", "ClusterRole", `{apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [delete, get], resourceNames: [x.example.com, podsecurityguards.gabion.io]}`),
			),
			words("bob: definitions: delete customresourcedefinitions named podsecurityguards.gabion.io everywhere"),
		},
		"Gabion's Secret, where Gabion is": {
			join(
				namespace("gabion-system", ""),
				binds("ann", "gabion-system", "Role", `{apiGroups: [""], resources: [secrets], verbs: [update, get]}`),
				binds("bob", "", "ClusterRole", `{apiGroups: [""], resources: [secrets], verbs: [patch], resourceNames: [gabion-tls, other]}`),
				binds("eve", "shop", "Role", `{apiGroups: [""], resources: [secrets], verbs: [update]}`),
			),
			words(
				"ann: gabion-installation: update secrets in gabion-system",
				"bob: gabion-installation: patch secrets named gabion-tls in gabion-system",
			),
		},
		"the ConfigMaps of Gabion, with whom it guards": {
			join(
				namespace("gabion-system", ""),
				binds("ann", "gabion-system", "Role", `{apiGroups: [""], resources: [configmaps], verbs: [patch], resourceNames: [gabion-policies]}`),
				binds("bob", "gabion-system", "Role", `{apiGroups: [""], resources: [configmaps], verbs: [patch], resourceNames: [other]}`),
			),
			words("ann: gabion-installation: patch configmaps named gabion-policies in gabion-system"),
		},
		"no Secret of a Gabion that is not installed": {
			binds("bob", "", "ClusterRole", `{apiGroups: [""], resources: [secrets, configmaps], verbs: [patch]}`),
			words(),
		},
		"who may impersonate anybody, or members of a group that may do anything": {
			join(
				binds("ann", "", "ClusterRole", `{apiGroups: [""], resources: [users], verbs: [impersonate]}`),
				binds("bob", "", "ClusterRole", `{apiGroups: [""], resources: [groups], verbs: [impersonate], resourceNames: ["system:masters", readers]}`),
			),
			words(
				"ann: impersonate-users: impersonate users everywhere",
				"bob: impersonate-groups: impersonate groups named readers,system:masters everywhere as system:masters of 1",
			),
		},
		"who may impersonate somebody only if that one can weaken": {
			join(
				binds("ann", "", "ClusterRole", `{apiGroups: [""], resources: [users], verbs: [impersonate], resourceNames: [bob, eve]}`),
				binds("bob", "shop", "Role", `{apiGroups: [""], resources: [namespaces], verbs: [patch]}`),
				binds("eve", "", "ClusterRole", `{apiGroups: [""], resources: [users], verbs: [impersonate], resourceNames: [nobody]}`),
			),
			words(
				"ann: impersonate-users: impersonate users named bob,eve everywhere as bob of 1",
				"bob: namespace-labels: patch namespaces in shop",
			),
		},
		"who may bind a role by name only if the role can weaken, or is not there": {
			join(
				binds("ann", "shop", "Role", `{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind], resourceNames: [harmless]}`),
				binds("bob", "shop", "Role", `{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind], resourceNames: [harmful]}`),
				binds("eve", "shop", "Role", `{apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [bind], resourceNames: [later]}`),
				"kind: ClusterRole\nmetadata: {name: harmless}\nrules: [{apiGroups: [\"\"], resources: [pods], verbs: [get]}]",
				"kind: ClusterRole\nmetadata: {name: harmful}\nrules: [{apiGroups: [\"\"], resources: [namespaces], verbs: [patch]}]",
			),
			words(
				"bob: bind: bind clusterroles named harmful in shop",
				"eve: bind: bind roles named later in shop",
			),
		},
		"nobody by a binding to a role that is not there, or of a kind that makes no sense": {
			join(
				"kind: ClusterRoleBinding\nmetadata: {name: a}\nroleRef: {kind: ClusterRole, name: gone}\nsubjects: [{kind: User, name: ann}]",
				"kind: ClusterRoleBinding\nmetadata: {name: b}\nroleRef: {kind: Role, name: r}\nsubjects: [{kind: User, name: ann}]",
				"kind: Role\nmetadata: {name: r}\nrules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]",
				"kind: RoleBinding\nmetadata: {name: c, namespace: shop}\nroleRef: {kind: Role, name: elsewhere}\nsubjects: [{kind: User, name: ann}]",
				"kind: Role\nmetadata: {name: elsewhere, namespace: blog}\nrules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]",
			),
			words(),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, weakeners(t, tt.manifests)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func words(w ...string) []string { return append([]string{}, w...) }

func TestWhoMayDoEverythingHasEveryRight(t *testing.T) {
	t.Parallel()
	all := binds("ann", "", "ClusterRole", `{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}`)
	strong := "kind: ClusterRoleBinding\nmetadata: {name: bot}\nroleRef: {kind: ClusterRole, name: ann}\nsubjects: [{kind: ServiceAccount, namespace: ci, name: bot}]"
	got := map[string]bool{}
	for _, g := range access.Ask(access.Question{
		Aim: access.Weaken, Inventory: world(t, join(all, strong, namespace("gabion-system", ""))), Installation: "gabion-system",
	}).Grants {
		if nameOf(g.Subjects[0]) != "ann" {
			continue
		}
		for _, h := range g.Rights {
			got[h.ID] = true
		}
	}
	for _, id := range words(
		"namespace-labels", "create-namespaces", "webhooks", "admission-policies", "weaken-levels", "gabion-objects", "definitions",
		"api-services", "gabion-installation", "escalate", "bind", "impersonate-users", "impersonate-groups", "impersonate-accounts",
		"tokens", "token-secrets", "run-as", "approve-certificates", "nodes-proxy",
	) {
		if !got[id] {
			t.Errorf("%s is not among the rights", id)
		}
		delete(got, id)
	}
	if len(got) > 0 {
		t.Errorf("what are %v?", got)
	}
}

func TestAnAccountThatCanWeakenMakesThoseStrongWhoCanBeIt(t *testing.T) {
	t.Parallel()
	const tokens = `{apiGroups: [""], resources: [serviceaccounts/token], verbs: [create]}`
	manifests := join(
		`kind: RoleBinding
metadata: {name: bot, namespace: shop}
roleRef: {kind: Role, name: bot}
subjects: [{kind: ServiceAccount, name: bot, namespace: ci}]
---
kind: Role
metadata: {name: bot, namespace: shop}
rules: [{apiGroups: [""], resources: [namespaces], verbs: [patch]}]`,
		binds("ann", "ci", "Role", tokens),
		binds("bob", "", "ClusterRole", `{apiGroups: [""], resources: [pods], verbs: [create]}`),
		binds("eve", "ci", "Role", `{apiGroups: [""], resources: [serviceaccounts], verbs: [impersonate], resourceNames: [other]}`),
		binds("joe", "shop", "Role", tokens), // makes no token of ci's
		binds("liz", "ci", "Role", `{apiGroups: [""], resources: [secrets], verbs: [create, get]}`),
		binds("max", "ci", "Role", `{apiGroups: [""], resources: [secrets], verbs: [get]}`),
		// One more hop: the account can make the token.
		`kind: RoleBinding
metadata: {name: hop, namespace: ci}
roleRef: {kind: Role, name: ann}
subjects: [{kind: ServiceAccount, name: hop, namespace: far}]`,
		binds("kim", "far", "Role", `{apiGroups: [batch], resources: [cronjobs], verbs: [patch]}`),
	)
	want := words(
		"ann: tokens: create serviceaccounts/token in ci as ci/bot of 1",
		"bob: run-as: create pods everywhere as ci/bot,far/hop of 2",
		"ci/bot: namespace-labels: patch namespaces in shop",
		"far/hop: tokens: create serviceaccounts/token in ci as ci/bot of 1",
		"kim: run-as: patch cronjobs in far as far/hop of 1",
		"liz: token-secrets: create secrets in ci as ci/bot of 1",
	)
	if diff := cmp.Diff(want, weakeners(t, manifests)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want = words(
		"bob: run-as: create pods everywhere as ci/bot,far/hop of 2",
		"kim: run-as: patch cronjobs in far as far/hop of 1",
	)
	if diff := cmp.Diff(want, weakeners(t, manifests, "far")); diff != "" {
		t.Errorf("narrowed to far (-want +got):\n%s", diff)
	}
}

func TestAccountsHaveTheRightsOfTheirGroups(t *testing.T) {
	t.Parallel()
	group := func(group string) string {
		return join(
			"kind: ClusterRoleBinding\nmetadata: {name: g}\nroleRef: {kind: ClusterRole, name: g}\nsubjects: [{kind: Group, name: '"+group+"'}]",
			"kind: ClusterRole\nmetadata: {name: g}\nrules: [{apiGroups: [''], resources: [namespaces], verbs: [patch]}]",
			namespace("ci", ""), namespace("shop", ""),
			"kind: ServiceAccount\nmetadata: {name: bot, namespace: ci}",
			binds("ann", "ci", "Role", `{apiGroups: [""], resources: [pods], verbs: [create]}`),
		)
	}
	for name, want := range map[string]string{
		"system:serviceaccounts":      "ann: run-as: create pods in ci as ci/bot,ci/default of 2",
		"system:serviceaccounts:ci":   "ann: run-as: create pods in ci as ci/bot,ci/default of 2",
		"system:serviceaccounts:shop": "",
		"system:authenticated":        "", // which ann is already
	} {
		all := words(name + ": namespace-labels: patch namespaces everywhere")
		if want != "" {
			all = words(want, all[0])
		}
		if diff := cmp.Diff(all, weakeners(t, group(name))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestAnAccountNeedNotExistToBeImpersonated(t *testing.T) {
	t.Parallel()
	got := weakeners(t, join(
		"kind: ClusterRoleBinding\nmetadata: {name: g}\nroleRef: {kind: ClusterRole, name: g}\nsubjects: [{kind: Group, name: 'system:serviceaccounts:ci'}]",
		"kind: ClusterRole\nmetadata: {name: g}\nrules: [{apiGroups: [''], resources: [namespaces], verbs: [patch]}]",
		binds("ann", "ci", "Role", `{apiGroups: [""], resources: [serviceaccounts], verbs: [impersonate], resourceNames: [ghost]}`),
		binds("bob", "shop", "Role", `{apiGroups: [""], resources: [serviceaccounts], verbs: [impersonate], resourceNames: [ghost]}`),
	))
	want := words(
		"ann: impersonate-accounts: impersonate serviceaccounts named ghost in ci as ci/ghost of 1",
		"system:serviceaccounts:ci: namespace-labels: patch namespaces everywhere",
	)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAccountsThatCanOnlyBeEachOtherAreWeak(t *testing.T) {
	t.Parallel()
	tokens := func(account, in string) string {
		return "kind: RoleBinding\nmetadata: {name: " + account + ", namespace: " + in + "}\nroleRef: {kind: ClusterRole, name: t}\n" +
			"subjects: [{kind: ServiceAccount, name: " + account + ", namespace: " + account + "}]"
	}
	manifests := join(tokens("a", "b"), tokens("b", "a"),
		"kind: ClusterRole\nmetadata: {name: t}\nrules: [{apiGroups: [''], resources: [serviceaccounts/token], verbs: [create]}]")
	if got := weakeners(t, manifests); len(got) > 0 {
		t.Errorf("got %q", got)
	}
}

func TestAggregatedRolesHaveTheRulesOfTheirParts(t *testing.T) {
	t.Parallel()
	manifests := join(
		"kind: ClusterRoleBinding\nmetadata: {name: b}\nroleRef: {kind: ClusterRole, name: whole}\nsubjects: [{kind: User, name: ann}]",
		"kind: ClusterRole\nmetadata: {name: whole}\naggregationRule: {clusterRoleSelectors: [{matchLabels: {to: whole}}, {matchExpressions: [{key: also, operator: Exists}]}]}\nrules: []",
		"kind: ClusterRole\nmetadata: {name: part, labels: {to: whole, also: part}}\naggregationRule: {clusterRoleSelectors: [{matchLabels: {to: part}}]}",
		"kind: ClusterRole\nmetadata: {name: a, labels: {also: ''}}\nrules: [{apiGroups: [''], resources: [namespaces/status], verbs: [patch]}]",
		"kind: ClusterRole\nmetadata: {name: b, labels: {to: part}}\nrules: [{apiGroups: [''], resources: [namespaces/finalize], verbs: [update]}]",
		"kind: ClusterRole\nmetadata: {name: c, labels: {to: nothing}}\nrules: [{apiGroups: [''], resources: [namespaces], verbs: [update]}]",
	)
	want := words(
		"ann: namespace-labels: patch namespaces/status everywhere",
		"ann: namespace-labels: update namespaces/finalize everywhere",
	)
	if diff := cmp.Diff(want, weakeners(t, manifests)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatCouldNotBeSeenIsNamed(t *testing.T) {
	t.Parallel()
	inv := world(t, join(
		"kind: ClusterRoleBinding\nmetadata: {name: a}\nroleRef: {kind: ClusterRole, name: unseen}\nsubjects: [{kind: User, name: ann}]",
		"kind: RoleBinding\nmetadata: {name: b, namespace: shop}\nroleRef: {kind: Role, name: unseen}\nsubjects: [{kind: User, name: bob}]",
		"kind: RoleBinding\nmetadata: {name: c, namespace: blog}\nroleRef: {kind: Role, name: gone}\nsubjects: [{kind: User, name: eve}]",
		"kind: RoleBinding\nmetadata: {name: d, namespace: shop}\nroleRef: {kind: ClusterRole, name: unseen}\nsubjects: []",
	))
	inv.Missing = []inventory.Missing{
		{Resource: "clusterroles.rbac.authorization.k8s.io", Reason: "forbidden"},
		{Resource: "deployments.apps", Reason: "forbidden"},
		{Resource: "roles.rbac.authorization.k8s.io", Namespace: "shop", Reason: "forbidden"},
		{Resource: "customresourcedefinitions.apiextensions.k8s.io", Reason: "forbidden"},
	}
	answer := access.Ask(access.Question{Aim: access.Weaken, Inventory: inv, Installation: "gabion-system"})
	if len(answer.Missing) != 3 || answer.Missing[0] != inv.Missing[0] || answer.Missing[1] != inv.Missing[2] || answer.Missing[2] != inv.Missing[3] {
		t.Errorf("missing: got %+v", answer.Missing)
	}
	var got []string
	for _, g := range answer.Unknown {
		got = append(got, nameOf(g.Subjects[0])+" by "+g.Binding.Name+" to "+g.Role.Kind+" "+g.Role.Name)
	}
	want := words("ann by a to ClusterRole unseen", "bob by b to Role unseen")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unknown (-want +got):\n%s", diff)
	}
	if len(answer.Grants) > 0 {
		t.Errorf("grants: got %q", lines(answer.Grants))
	}
}

func TestAnInventoryOfSomeNamespacesIsNotAll(t *testing.T) {
	t.Parallel()
	inv := world(t, namespace("shop", ""))
	inv.Only = []string{"shop"}
	var got []string
	for _, m := range access.Ask(access.Question{Aim: access.Bypass, Inventory: inv}).Missing {
		got = append(got, m.Resource+m.Namespace+": "+m.Reason)
	}
	const reason = ": only shop was asked for when the cluster was listed"
	want := words(
		"namespaces"+reason, "serviceaccounts"+reason, "roles.rbac.authorization.k8s.io"+reason, "rolebindings.rbac.authorization.k8s.io"+reason,
	)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestGabionMayBeInstalledWhereNamespacesCouldNotBeListed(t *testing.T) {
	t.Parallel()
	inv := world(t, binds("bob", "", "ClusterRole", `{apiGroups: [apps], resources: [deployments], verbs: [patch]}`))
	inv.Missing = []inventory.Missing{{Resource: "namespaces", Reason: "forbidden"}}
	got := lines(access.Ask(access.Question{Aim: access.Weaken, Inventory: inv, Installation: "gabion-system"}).Grants)
	want := words("bob: gabion-installation: patch deployments in gabion-system")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
