package report

import (
	"bytes"
	"encoding/json"
	"testing"
)

func migrations() map[string]Migration {
	nothing := Migration{
		APIVersion: APIVersion, Kind: "PodSecurityPolicyMigration", Version: "v1.30", Target: "restricted", Calendar: []string{"It is late."},
		Steps: []MigrationStep{}, Policies: []MigrationPolicy{}, LeftOut: []MigrationLeftOut{}, Editors: []MigrationEditor{}, Namespaces: []MigrationNamespace{},
		Bypass: MigrationBypass{All: []string{}}, Retire: []string{}, Gaps: []string{}, NotChecked: []NotChecked{}, Errors: []Error{},
		NoDefaults: "nothing was seen",
	}
	namespace := func(name, state string) MigrationNamespace {
		return MigrationNamespace{
			Name: name, State: state, Why: hostile, Policies: []string{}, Enforces: "privileged:latest", Passes: "baseline", PassesPatched: "restricted",
			Labels: map[string]string{}, Patches: []MigrationPatch{}, Refused: []MigrationRefused{}, Blockers: []PlanBlocker{},
		}
	}
	many := nothing
	many.Server, many.Version = "v1.24.17", "v1.24"
	for _, number := range []string{"0", "1", "2", "3", "3d", "4", "5"} {
		many.Steps = append(many.Steps, MigrationStep{number, "The step " + number, MigrationOpen, "for a reason"})
	}
	annotations := []string{
		"metadata.annotations[seccomp.security.alpha.kubernetes.io/defaultProfileName]", "metadata.annotations[apparmor.security.beta.kubernetes.io/defaultProfileName]",
	}
	many.Policies = []MigrationPolicy{
		{Name: hostile, Nearest: "baseline", Mutates: []string{}, Lost: []string{}, Dropped: []string{}, Kept: []string{}, AdmitsMore: []MigrationLoosened{}, Ungranted: []string{}},
		{
			Name: "loud", Nearest: "restricted", Mutates: []string{"a", "b", "c", "d", "e", "f"}, Lost: []string{"x"},
			Dropped: []string{"metadata.annotations[" + hostile + "]"}, Kept: []string{"fsGroup"},
			AdmitsMore: []MigrationLoosened{{"allowedHostPaths", `[{"pathPrefix":"` + hostile + `"}]`, "every path"}, {"metadata.annotations[" + hostile + "]", "1", "2"}}, Ungranted: []string{"ClusterRole " + hostile},
		},
		{Name: "copied", Nearest: "restricted", Mutates: []string{}, Lost: []string{}, Dropped: annotations, Kept: []string{}, AdmitsMore: []MigrationLoosened{}, Copied: true, Ungranted: []string{}},
		{Name: "halfway", Nearest: "restricted", Mutates: []string{}, Lost: []string{}, Dropped: []string{"y"}, Kept: []string{}, AdmitsMore: []MigrationLoosened{}, Copied: true, Ungranted: []string{"Role a/b"}},
	}
	many.Editors = []MigrationEditor{{[]string{"User " + hostile}, "ClusterRoleBinding b", "ClusterRole r", []string{"label namespaces"}, []string{"everywhere"}}}
	label := namespace("ready", MigrationNamespaceLabel)
	label.Labels = map[string]string{"pod-security.kubernetes.io/enforce-version": "v1.24", "pod-security.kubernetes.io/enforce": "baseline"}
	odd := label
	odd.Name = hostile
	patch := namespace("patch", MigrationNamespacePatch)
	web := Object{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "patch", Name: "web"}
	patch.Patches = []MigrationPatch{
		{web, "spec.template", "loud", []PSPChange{{"spec.x", "", hostile}}, json.RawMessage(`{"spec":{}}`), "kubectl patch '```' " + hostile + "\n"},
		{web, "spec.a", "loud", []PSPChange{{"spec.y", "1", "2"}}, nil, ""},
	}
	patch.Refused = []MigrationRefused{{web, hostile}}
	patch.Next = "restricted:v1.24"
	patch.Blockers = []PlanBlocker{{Object: web, Violations: []PlanViolation{
		{Control: "sysctls", Fix: "in general", Findings: []PlanFinding{}}, {Control: "hostPorts", Findings: []PlanFinding{{Path: hostile, Fix: "remove it"}}},
	}}}
	many.Namespaces = []MigrationNamespace{label, odd, patch, namespace("done", MigrationNamespaceDone)}
	many.Bypass = MigrationBypass{json.RawMessage(`{"kind":"PodSecurityPolicy"}`), json.RawMessage(`{"kind":"ClusterRole"}`), "binding", false, []string{"ClusterRole " + hostile}}
	many.NoDefaults = ""
	many.Defaults, many.Retire, many.Gaps = "apiVersion: v1\n# hm\n", []string{"kubectl delete podsecuritypolicy loud\n"}, []string{hostile}
	many.LeftOut = []MigrationLeftOut{{Source{File: "a.yaml", Document: 1, Line: 3}, hostile, "nobody knows it"}}
	late := nothing
	late.LeftOut = []MigrationLeftOut{{Source{}, "late", "Kubernetes v1.30 has none"}}
	return map[string]Migration{"nothing": nothing, "late": late, "many": many}
}

func TestEveryFormatOfAMigrationIsAsItsGolden(t *testing.T) {
	t.Parallel()
	got := map[string][]byte{}
	for name, m := range migrations() {
		for _, format := range MigrationFormats() {
			var out bytes.Buffer
			must(t, WriteMigration(&out, format, Style{}, &m))
			got["pspmigrate-"+name+"."+format] = out.Bytes()
		}
		var out bytes.Buffer
		must(t, WriteMigration(&out, "text", Style{Colour: true, Width: 80}, &m))
		got["pspmigrate-"+name+".terminal"] = out.Bytes()
	}
	compareGoldens(t, "pspmigrate-*", got)
}

func TestAMigrationIsWrittenInNoUnknownFormat(t *testing.T) {
	t.Parallel()
	if err := WriteMigration(&bytes.Buffer{}, "toml", Style{}, &Migration{}); err == nil {
		t.Error("a migration was written as toml")
	}
}
