package access_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/access"
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/pss"
)

const (
	makesPods = `{apiGroups: [""], resources: [pods], verbs: [create]}`
	baseline  = "pod-security.kubernetes.io/enforce: baseline"
)

// bypass asks who can bypass.
func bypass(t *testing.T, c access.Configuration, manifests string, namespaces ...string) access.Answer {
	t.Helper()
	return access.Ask(access.Question{
		Aim: access.Bypass, Inventory: world(t, manifests), Configuration: c, Installation: "gabion-system", Namespaces: namespaces,
	})
}

func TestNothingIsEnforcedInNamespacesThatSayOrAreSaidSo(t *testing.T) {
	t.Parallel()
	spaces := join(
		namespace("bad", "pod-security.kubernetes.io/enforce: loud"),
		namespace("base", baseline),
		namespace("free", "pod-security.kubernetes.io/enforce: privileged"),
		namespace("gone", baseline),
		namespace("kube-system", baseline),
		namespace("none", ""),
		namespace("warned", "pod-security.kubernetes.io/warn: restricted"),
		binds("ann", "unseen", "Role", makesPods),
	)
	assumed := []access.Open{
		{Namespace: "free", Reason: "labelled privileged"},
		{Namespace: "gone", Reason: "exempt"},
		{Namespace: "kube-system", Reason: "excluded from Gabion's webhook"},
		{Namespace: "none", Reason: "no enforce label, assuming privileged"},
		{Namespace: "unseen", Reason: "its labels are not known"},
		{Namespace: "warned", Reason: "no enforce label, assuming privileged"},
	}
	c := access.Configuration{Namespaces: words("gone"), Excluded: words("kube-system")}
	if diff := cmp.Diff(assumed, bypass(t, c, spaces).Open); diff != "" {
		t.Errorf("without defaults (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(assumed[:1], bypass(t, c, spaces, "free", "base").Open); diff != "" {
		t.Errorf("of two namespaces (-want +got):\n%s", diff)
	}
	c = access.Configuration{Defaults: pss.DefaultPolicy(), RuntimeClasses: words("kata", "vm")}
	c.Defaults.Enforce.Level = pss.Baseline
	want := []access.Open{
		{Namespace: "bad", Reason: "exempt for pods of the runtime class kata or vm"},
		{Namespace: "base", Reason: "exempt for pods of the runtime class kata or vm"},
		{Namespace: "free", Reason: "labelled privileged"},
		{Namespace: "gone", Reason: "exempt for pods of the runtime class kata or vm"},
		{Namespace: "kube-system", Reason: "exempt for pods of the runtime class kata or vm"},
		{Namespace: "none", Reason: "exempt for pods of the runtime class kata or vm"},
		{Namespace: "unseen", Reason: "its labels are not known"},
		{Namespace: "warned", Reason: "exempt for pods of the runtime class kata or vm"},
	}
	if diff := cmp.Diff(want, bypass(t, c, spaces).Open); diff != "" {
		t.Errorf("with defaults and runtime classes (-want +got):\n%s", diff)
	}
}

func TestWhoCanBypass(t *testing.T) {
	t.Parallel()
	spaces := join(namespace("base", baseline), namespace("free", ""))
	for name, tt := range map[string]struct {
		manifests string
		want      []string
	}{
		"who makes pods where nothing is enforced, and nowhere else": {
			join(binds("ann", "free", "Role", makesPods), binds("bob", "base", "Role", makesPods), binds("eve", "", "ClusterRole", makesPods)),
			words("ann: pods: create pods in free", "eve: pods: create pods everywhere"),
		},
		"who makes workloads of any kind": {
			binds("ann", "free", "Role", `{apiGroups: ["*"], resources: [daemonsets, deployments, replicasets, statefulsets, replicationcontrollers, jobs, cronjobs, podtemplates], verbs: [patch]}`),
			words(
				"ann: pods: patch cronjobs,jobs in free",
				"ann: pods: patch daemonsets,deployments,replicasets,statefulsets in free",
				"ann: pods: patch replicationcontrollers in free",
			),
		},
		"who gets into pods, but not by reading them": {
			join(
				binds("ann", "free", "Role", `{apiGroups: [""], resources: [pods/exec, pods/attach], verbs: [create, get]}`),
				binds("bob", "free", "Role", `{apiGroups: [""], resources: [pods/exec, pods, pods/log], verbs: [get]}`),
				binds("eve", "free", "Role", `{apiGroups: [""], resources: [pods/ephemeralcontainers], verbs: [patch], resourceNames: [web]}`),
				binds("joe", "free", "Role", `{apiGroups: [""], resources: [pods], verbs: [update]}`),
			),
			words(
				"ann: exec: create pods/attach,pods/exec in free",
				"eve: debug: patch pods/ephemeralcontainers named web in free",
				"joe: pod-images: update pods in free",
			),
		},
		"who reaches the kubelets or makes volumes of their paths": {
			join(
				binds("ann", "", "ClusterRole", `{apiGroups: [""], resources: [nodes/proxy], verbs: [get], resourceNames: [n1]}`),
				binds("bob", "", "ClusterRole", `{apiGroups: [""], resources: [persistentvolumes], verbs: ["*"]}`),
				binds("eve", "free", "Role", `{apiGroups: [""], resources: [persistentvolumes, nodes/proxy], verbs: ["*"]}`),
			),
			words(
				"ann: nodes-proxy: get nodes/proxy named n1 everywhere",
				"bob: persistent-volumes: create persistentvolumes everywhere",
			),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := lines(bypass(t, access.Configuration{}, join(spaces, tt.manifests)).Grants)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhereEverythingIsEnforcedNobodyBypassesButExemptUsers(t *testing.T) {
	t.Parallel()
	manifests := join(namespace("base", baseline),
		`kind: ClusterRoleBinding
metadata: {name: b}
roleRef: {kind: ClusterRole, name: ann}
subjects: [{kind: User, name: eve}, {kind: User, name: bob}, {kind: ServiceAccount, name: bot, namespace: ci}]`,
		binds("ann", "", "ClusterRole", makesPods),
		namespace("ci", baseline),
		binds("joe", "base", "Role", makesPods),
	)
	if got := lines(bypass(t, access.Configuration{}, manifests).Grants); len(got) > 0 {
		t.Errorf("got %q", got)
	}
	exempt := access.Configuration{Usernames: words("bob", "system:serviceaccount:ci:bot", "joe")}
	want := words( // whoever makes pods in ci makes them as its exempt account, too
		"ann: run-as: create pods everywhere as ci/bot of 1",
		"bob: pods: create pods everywhere", "bob: run-as: create pods everywhere as ci/bot of 1",
		"ci/bot: pods: create pods everywhere",
		"eve: run-as: create pods everywhere as ci/bot of 1",
		"joe: pods: create pods in base",
	)
	if diff := cmp.Diff(want, lines(bypass(t, exempt, manifests).Grants)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhoBecomesSomebodyWhoCanBypassCanBypass(t *testing.T) {
	t.Parallel()
	spaces := join(namespace("base", baseline), namespace("free", ""), binds("ann", "free", "Role", makesPods),
		`kind: RoleBinding
metadata: {name: strong, namespace: free}
roleRef: {kind: Role, name: ann}
subjects: [{kind: ServiceAccount, name: builder, namespace: free}]`)
	for name, tt := range map[string]struct{ manifests, want string }{
		"by impersonation": {
			binds("imposter", "", "ClusterRole", `{apiGroups: [""], resources: [users], verbs: [impersonate], resourceNames: [ann, base]}`),
			"imposter: impersonate-users: impersonate users named ann,base everywhere as ann of 1",
		},
		"by a token": {
			binds("maker", "free", "Role", `{apiGroups: [""], resources: [serviceaccounts/token], verbs: [create], resourceNames: [builder]}`),
			"maker: tokens: create serviceaccounts/token named builder in free as free/builder of 1",
		},
		"by a role": {
			binds("binder", "free", "Role", `{apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [bind], resourceNames: [ann]}`),
			"binder: bind: bind roles named ann in free",
		},
		"by more in a role": {
			binds("climber", "free", "Role", `{apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [escalate]}`),
			"climber: escalate: escalate roles in free",
		},
		"but not somebody who cannot": {
			binds("idle", "", "ClusterRole", `{apiGroups: [""], resources: [users], verbs: [impersonate], resourceNames: [joe]}`), "",
		},
	} {
		found := lines(bypass(t, access.Configuration{}, join(spaces, tt.manifests)).Grants)
		got := slices.DeleteFunc(found, func(line string) bool {
			return strings.HasPrefix(line, "ann: ") || strings.HasPrefix(line, "free/builder: ")
		})
		if strings.Join(got, "\n") != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}

func TestWhoMakesCustomResourcesThatHoldPodsMakesPods(t *testing.T) {
	t.Parallel()
	inv := world(t, join(namespace("free", ""), namespace("base", baseline),
		binds("ann", "free", "Role", `{apiGroups: [argoproj.io], resources: [rollouts, appprojects], verbs: [create, patch]}`),
		binds("bob", "base", "Role", `{apiGroups: [argoproj.io], resources: [rollouts], verbs: [create]}`),
	))
	inv.PodResources = []inventory.Resource{{Group: "argoproj.io", Name: "rollouts"}, {Group: "example.com", Name: "engines"}}
	got := lines(access.Ask(access.Question{Aim: access.Bypass, Inventory: inv}).Grants)
	if diff := cmp.Diff(words("ann: pods: create,patch rollouts in free"), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatCountsEverywhereNeedsAnOpenNamespaceAmongThoseAskedAbout(t *testing.T) {
	t.Parallel()
	manifests := join(namespace("base", baseline), namespace("free", ""), binds("ann", "", "ClusterRole", makesPods))
	if got := lines(bypass(t, access.Configuration{}, manifests, "base").Grants); len(got) > 0 {
		t.Errorf("base: got %q", got)
	}
	if got := lines(bypass(t, access.Configuration{}, manifests, "free").Grants); len(got) != 1 {
		t.Errorf("free: got %q", got)
	}
}

func TestToGetWasEnoughToGetIntoAPodOnOlderServers(t *testing.T) {
	t.Parallel()
	manifests := join(namespace("free", ""), binds("bob", "free", "Role", `{apiGroups: [""], resources: [pods/exec], verbs: [get]}`))
	for version, want := range map[pss.Version]int{pss.V1(34): 1, pss.V1(35): 0, pss.Version(0): 1} {
		inv := world(t, manifests)
		inv.Server = inventory.Server{Version: version}
		if got := lines(access.Ask(access.Question{Aim: access.Bypass, Inventory: inv}).Grants); len(got) != want {
			t.Errorf("%v: got %q", version, got)
		}
	}
}
