package access

import (
	"slices"
	"strings"

	"github.com/gabion-security/gabion/internal/inventory"
)

// weakening are the rights by which less is enforced than before. The custom
// resources are those that hold pods.
func weakening(custom []inventory.Resource) []right {
	return append(append(labelling(), enforcing()...), becoming(custom)...)
}

// labelling are the rights over what namespaces state.
func labelling() []right {
	return []right{
		{
			Right: Right{
				"namespace-labels", "label namespaces",
				"The labels of a namespace say what is enforced in it; an update of its status or finalizers changes them too.",
			},
			permissions: []permission{
				{scope: theNamespace, group: coreGroup, verbs: changing(), resources: []string{"namespaces", "namespaces/status"}},
				{scope: theNamespace, group: coreGroup, verbs: []string{"update"}, resources: []string{"namespaces/finalize"}},
			},
		},
		{
			Right: Right{
				"create-namespaces", "create namespaces",
				"A new namespace has the labels that its creator gives it, or a name that is exempt.",
			},
			permissions: []permission{{group: coreGroup, verbs: []string{"create"}, resources: []string{"namespaces"}}},
		},
	}
}

// enforcing are the rights over what enforces.
func enforcing() []right {
	return []right{
		{
			Right: Right{
				"webhooks", "write webhook configurations",
				"Without its webhook configuration a policy engine is asked nothing, and no webhook is asked about that change; a mutating one rewrites labels.",
			},
			permissions: []permission{{group: admissionGroup, verbs: writing(), resources: []string{
				"mutatingwebhookconfigurations", "validatingwebhookconfigurations",
			}}},
		},
		{
			Right: Right{
				"admission-policies", "write admission policies",
				"A policy inside the API server ends with its object or its binding; a mutating one rewrites labels.",
			},
			permissions: []permission{{group: admissionGroup, verbs: writing(), resources: []string{
				"mutatingadmissionpolicies", "mutatingadmissionpolicybindings",
				"validatingadmissionpolicies", "validatingadmissionpolicybindings",
			}}},
		},
		{
			Right: Right{
				"weaken-levels", "pass Gabion's label guard",
				"This is the right that the guard asks for before a level may be weakened.",
			},
			permissions: []permission{{group: gabionGroup, verbs: []string{"weaken"}, resources: []string{"podsecuritylevels"}}},
		},
		{
			Right: Right{
				"gabion-objects", "write Gabion's objects",
				"Guards, exceptions and profiles decide what Gabion refuses.",
			},
			permissions: []permission{{group: gabionGroup, verbs: writing(), resources: []string{
				"podsecurityexceptions", "podsecurityguards", "podsecurityprofiles",
			}}},
		},
		{
			Right: Right{
				"definitions", "write definitions of custom resources",
				"Guards and exceptions are gone with their definition, and a definition decides which of their fields are kept.",
			},
			permissions: []permission{{
				group: "apiextensions.k8s.io", verbs: writing(), resources: []string{"customresourcedefinitions"},
				counts: func(name string) bool { return strings.HasSuffix(name, "."+gabionGroup) },
			}},
		},
		{
			Right: Right{
				"api-services", "write API services",
				"An API service puts another server in the place of a group of the API, that of Gabion's objects among them.",
			},
			permissions: []permission{{
				group: "apiregistration.k8s.io", verbs: []string{"create", "update", "patch"}, resources: []string{"apiservices"},
				counts: func(name string) bool { return strings.HasSuffix(name, "."+gabionGroup) },
			}},
		},
		{
			Right: Right{
				"gabion-installation", "change Gabion's installation",
				"The Secret is what API servers know Gabion by, the ConfigMaps what it exempts and whom it guards, and the Deployment what runs.",
			},
			permissions: []permission{
				{scope: installed, group: coreGroup, verbs: writing(), resources: []string{"secrets"}, counts: named("gabion-tls")},
				{scope: installed, group: coreGroup, verbs: writing(), resources: []string{"configmaps"}, counts: named("gabion", "gabion-policies")},
				{
					scope: installed, group: "apps", verbs: writing(), resources: []string{"deployments"},
					counts: named("gabion"),
				},
			},
		},
	}
}

func named(wanted ...string) func(string) bool {
	return func(name string) bool { return slices.Contains(wanted, name) }
}

// becoming are the rights to have other rights.
func becoming(custom []inventory.Resource) []right {
	return []right{
		{
			Right: Right{
				"escalate", "escalate roles",
				"Who may escalate writes rights into a role that they do not have.",
			},
			permissions: []permission{
				{group: rbacGroup, verbs: []string{"escalate"}, resources: []string{"clusterroles"}},
				{scope: inNamespace, group: rbacGroup, verbs: []string{"escalate"}, resources: []string{"roles"}},
			},
		},
		{
			Right: Right{
				"bind", "bind roles",
				"Who may bind gives themselves roles with rights that they do not have.",
			},
			as: asRole,
			permissions: []permission{
				{scope: inNamespace, group: rbacGroup, verbs: []string{"bind"}, resources: []string{"clusterroles"}},
				{scope: inNamespace, group: rbacGroup, verbs: []string{"bind"}, resources: []string{"roles"}},
			},
		},
		{
			Right: Right{"impersonate-users", "impersonate users", "A request in another's name has the other's rights."},
			as:    asUser,
			permissions: []permission{
				{group: coreGroup, verbs: []string{"impersonate"}, resources: []string{"users"}},
				{group: authenticateGroup, verbs: []string{"impersonate:user-info"}, resources: []string{"users"}},
			},
		},
		{
			Right: Right{
				"impersonate-groups", "impersonate groups",
				"Beside the right to impersonate somebody, it makes anybody a member of " + masters + ", whom nothing is refused.",
			},
			as: asGroup,
			permissions: []permission{
				{group: coreGroup, verbs: []string{"impersonate"}, resources: []string{"groups"}},
				{group: authenticateGroup, verbs: []string{"impersonate:user-info"}, resources: []string{"groups"}},
			},
		},
		{
			Right: Right{
				"impersonate-accounts", "impersonate service accounts",
				"A request in the name of a service account has the account's rights.",
			},
			as: asAccount,
			permissions: []permission{
				{scope: inNamespace, group: coreGroup, verbs: []string{"impersonate"}, resources: []string{"serviceaccounts"}},
				{scope: inNamespace, group: authenticateGroup, verbs: []string{"impersonate:serviceaccount"}, resources: []string{"serviceaccounts"}},
			},
		},
		{
			Right: Right{"tokens", "make tokens of service accounts", "With the token of a service account come the account's rights."},
			as:    asAccount,
			permissions: []permission{
				{scope: inNamespace, group: coreGroup, verbs: []string{"create"}, resources: []string{"serviceaccounts/token"}},
			},
		},
		{
			Right: Right{
				"token-secrets", "make Secrets with tokens of service accounts",
				"A Secret of the type service-account-token is given the token of the account that it names; who also reads it has it.",
			},
			as: asAnyAccount,
			permissions: []permission{
				{scope: inNamespace, group: coreGroup, verbs: []string{"create"}, resources: []string{"secrets"}},
			},
		},
		{
			Right: Right{
				"run-as", "run pods as service accounts",
				"A pod has the rights of a service account of its namespace, whichever its author names.",
			},
			as:          asAnyAccount,
			permissions: workloads(inNamespace, custom),
		},
		{
			Right: Right{
				"approve-certificates", "approve certificates",
				"With the verb approve on signers, it makes a certificate by which the API server knows its holder as any user.",
			},
			permissions: []permission{{
				group: "certificates.k8s.io", verbs: changing(), resources: []string{"certificatesigningrequests/approval"},
			}},
		},
		nodesProxy(),
	}
}
