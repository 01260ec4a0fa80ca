package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

func whoCanReports() map[string]WhoCan {
	empty := func(can string) WhoCan {
		return WhoCan{
			APIVersion: APIVersion, Kind: "WhoCanReport", Can: can, OpenNamespaces: []WhoCanNamespace{}, Grants: []WhoCanGrant{},
			Unknown: []WhoCanGrant{}, Missing: []WhoCanMissing{}, Rights: []WhoCanRight{}, Outside: []string{},
		}
	}
	nobody, system, unseen, many := empty("weaken"), empty("bypass"), empty("weaken"), empty("bypass")
	system.Summary.SystemSubjects = 1
	unseen.Missing = []WhoCanMissing{
		{"clusterroles.rbac.authorization.k8s.io", "", "user \"ann\" cannot list\nthem"},
		{"roles.rbac.authorization.k8s.io", "shop", "forbidden"},
	}
	unseen.Unknown = []WhoCanGrant{{
		Subjects: []WhoCanSubject{{"User", "", "eve"}}, Binding: WhoCanRef{"ClusterRoleBinding", "", "b"}, Role: WhoCanRef{"ClusterRole", "", "r"},
		Rights: []WhoCanHeld{},
	}}
	for _, name := range strings.Fields("a b c d e f g h i j k l") {
		many.OpenNamespaces = append(many.OpenNamespaces, WhoCanNamespace{name, "labelled privileged"})
	}
	many.Grants = []WhoCanGrant{
		{
			Subjects: []WhoCanSubject{{"User", "", "ann"}, {"Group", "", "ops | <b>" + hostile}, {"ServiceAccount", "ci", "bot"}},
			Binding:  WhoCanRef{"ClusterRoleBinding", "", "ops"}, Role: WhoCanRef{"ClusterRole", "", "cluster-admin"},
			Rights: []WhoCanHeld{
				whoCanHeld("pods", "", "create", "pods"), whoCanHeld("pods", "apps", "create,update", "deployments,deployments/scale"),
			},
		},
		{
			Subjects: []WhoCanSubject{{"User", "", "eve"}}, Binding: WhoCanRef{"RoleBinding", "shop", "x"}, Role: WhoCanRef{"Role", "shop", "y"},
			Rights: []WhoCanHeld{
				{
					Right: "exec", Verbs: []string{"get"}, Resources: []string{"pods/exec"}, Names: []string{"p", "q"},
					Namespaces: []string{"shop"}, As: []WhoCanSubject{},
				},
				{
					Right: "tokens", Verbs: []string{"create"}, Resources: []string{"serviceaccounts/token"}, Names: []string{},
					Namespaces: []string{"a", "b", "c", "d", "e"}, As: []WhoCanSubject{
						{"ServiceAccount", "ci", "bot"}, {"ServiceAccount", "ci", "b"}, {"ServiceAccount", "ci", "c"}, {"ServiceAccount", "ci", "d"},
					}, AsTotal: 4,
				},
			},
		},
	}
	many.Rights = []WhoCanRight{{"pods", "make pods", "A pod is a node."}, {"exec", "run commands in pods", "It has what the pod has."}}
	many.Outside = []string{"Members of system:masters may do everything."}
	many.Summary = WhoCanSummary{Subjects: 4, Bindings: 2, SystemSubjects: 12}
	return map[string]WhoCan{"nobody": nobody, "system": system, "unseen": unseen, "many": many}
}

func whoCanHeld(right, group, verbs, resources string) WhoCanHeld {
	return WhoCanHeld{
		Right: right, APIGroup: group, Verbs: strings.Split(verbs, ","), Resources: strings.Split(resources, ","),
		Names: []string{}, Everywhere: true, Namespaces: []string{}, As: []WhoCanSubject{},
	}
}

func TestEveryFormatOfWhoCanIsAsItsGolden(t *testing.T) {
	t.Parallel()
	got := map[string][]byte{}
	for name, r := range whoCanReports() {
		for _, format := range WhoCanFormats() {
			var out bytes.Buffer
			must(t, WriteWhoCan(&out, format, Style{}, &r))
			got["whocan-"+name+"."+format] = out.Bytes()
		}
		var out bytes.Buffer
		must(t, WriteWhoCan(&out, "table", Style{Colour: true, Width: 60}, &r))
		got["whocan-"+name+".terminal"] = out.Bytes()
	}
	compareGoldens(t, "whocan-*", got)
}

func TestWhoCanSaysTheSameInJSONAndYAML(t *testing.T) {
	t.Parallel()
	for name, r := range whoCanReports() {
		var asJSON, asYAML bytes.Buffer
		must(t, WriteWhoCan(&asJSON, "json", Style{}, &r))
		must(t, WriteWhoCan(&asYAML, "yaml", Style{}, &r))
		fromJSON, fromYAML := map[string]any{}, map[string]any{}
		must(t, json.Unmarshal(asJSON.Bytes(), &fromJSON))
		must(t, yaml.UnmarshalStrict(asYAML.Bytes(), &fromYAML))
		if diff := cmp.Diff(fromJSON, fromYAML); diff != "" {
			t.Errorf("%s: YAML differs from JSON (-json +yaml):\n%s", name, diff)
		}
		noNulls(t, "", fromJSON)
	}
}

func TestNoNameInWhoCanReachesATerminalUnescaped(t *testing.T) {
	t.Parallel()
	r := whoCanReports()["many"]
	for _, format := range []string{"table", "wide", "markdown"} {
		var out bytes.Buffer
		must(t, WriteWhoCan(&out, format, Style{}, &r))
		for _, bad := range []string{"\x1b", "\x07", "\u202e", "\xff"} {
			if strings.Contains(out.String(), bad) {
				t.Errorf("%s: %q came through:\n%s", format, bad, out.String())
			}
		}
		if format == "markdown" && strings.Contains(out.String(), "<b>") {
			t.Errorf("a name became HTML:\n%s", out.String())
		}
	}
}

func TestWhoCanNeverSaysNobodyWhereNotEverythingWasSeen(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"nobody": "Nobody can weaken Pod Security by RBAC.\n",
		"system": "Nobody but components of Kubernetes can bypass Pod Security by RBAC.\n",
		"unseen": "Nobody was found who can weaken Pod Security, but not everything could be seen.\n",
	} {
		r := whoCanReports()[name]
		var out bytes.Buffer
		must(t, WriteWhoCan(&out, "table", Style{}, &r))
		if !strings.HasPrefix(out.String(), want) {
			t.Errorf("%s: got\n%s", name, out.String())
		}
	}
}
