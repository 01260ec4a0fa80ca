package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

func upgradeChanges() []UpgradeChange {
	source := "https://github.com/kubernetes/pod-security-admission/blob/v0.34.0/policy/check_x.go"
	return []UpgradeChange{
		{"v1.33", "restrictedVolumes", "restricted", "looser", "all", "Volumes of the type image are allowed.", source},
		{"v1.34", "hostProbesAndHostLifecycle", "baseline", "stricter", "version", "Probes name no host.", source},
		{"v1.35", "runAsUser", "restricted", "stricter", "gate", "The gate is gone.", source},
	}
}

func upgrades() map[string]Upgrade {
	nothing := Upgrade{
		APIVersion: APIVersion, Kind: "UpgradeReport", From: UpgradeServer{"v1.37", "v1.37"}, To: UpgradeServer{"v1.37", "v1.37"},
		NewlyDenied: []UpgradeFlip{}, NewlyWarned: []UpgradeFlip{}, NewlyAllowed: []UpgradeFlip{}, NewlyDeniedIfGate: []UpgradeFlip{},
		Moving: []UpgradeMoving{}, Changes: []UpgradeChange{}, Exempt: []string{}, InvalidLabels: []UpgradeInvalid{},
		Missing: []UpgradeMissing{}, NotChecked: []NotChecked{}, Errors: []Error{},
	}
	probes := UpgradeCause{"hostProbesAndHostLifecycle", "v1.34", "Probes name no host.", "version", "https://example.com/x"}
	web := UpgradeFlip{
		Namespace: "shop", Modes: []string{"enforce", "warn"}, Policy: "baseline:latest", Object: Object{"apps/v1", "Deployment", "shop", "web"},
		Templates: []string{"spec.template"}, Pods: []string{"web-1", "web-2"}, PodsTotal: 3, Controls: []UpgradeCause{probes}, Pin: "v1.33",
	}
	one := nothing
	one.From, one.Changes = UpgradeServer{"v1.33", "v1.33"}, upgradeChanges()[1:2]
	one.NewlyDenied = []UpgradeFlip{web}
	one.Moving = []UpgradeMoving{{"shop", []string{"enforce", "warn"}, "baseline:latest", "v1.33", "v1.37", true, nil}}
	one.Summary = UpgradeSummary{Namespaces: 1, Workloads: 1, Templates: 1, Pods: 3, NewlyDenied: 1, Moving: 1}

	many := one
	many.From.Latest = "v1.32"
	many.Changes = upgradeChanges()
	lone := UpgradeFlip{
		Namespace: hostile, Modes: []string{"enforce"}, Policy: "restricted:v1.20", Object: Object{"v1", "Pod", hostile, hostile},
		Templates: []string{}, Pods: []string{hostile}, PodsTotal: 1,
		Controls: []UpgradeCause{{"appArmorProfile", "v1.30", "Fields count.", "all", "https://example.com/y"}, {Control: "runAsUser"}},
	}
	job := web
	job.Object, job.Templates, job.Pods, job.Partial = Object{"example.com/v1", "Train", "shop", "night|<b>*"}, []string{"spec.a", "spec.b"}, []string{}, true
	many.NewlyDenied = []UpgradeFlip{web, job, lone}
	many.NewlyWarned, many.NewlyAllowed, many.NewlyDeniedIfGate = []UpgradeFlip{lone, web}, []UpgradeFlip{job}, []UpgradeFlip{lone}
	many.Moving = append(many.Moving, UpgradeMoving{hostile, []string{"audit"}, "baseline:latest", "v1.33", "v1.37", false, nil})
	for i := range 9 {
		many.Moving = append(many.Moving, UpgradeMoving{fmt.Sprintf("n%d", i), []string{"audit"}, "baseline:latest", "v1.33", "v1.37", false, nil})
	}
	many.Exempt = []string{"kube-system", hostile}
	many.InvalidLabels = []UpgradeInvalid{{"typo", "metadata.labels[x]: Invalid value"}, {hostile, hostile}}
	many.Missing = []UpgradeMissing{{"deployments.apps", "shop", hostile}, {"pods", "", "forbidden"}}
	many.NotChecked = []NotChecked{{Source{}, Object{"example.com/v1", "Machine", "shop", hostile}, []string{"spec.a"}, hostile}}
	many.Errors = []Error{{Source{File: hostile, Line: 3}, hostile}, {Source{}, "broken"}}
	many.Summary = UpgradeSummary{Namespaces: 4, Workloads: 9, Templates: 8, Pods: 30, NewlyDenied: 3, NewlyWarned: 2, NewlyAllowed: 1, NewlyDeniedIfGate: 1, Moving: 2, Unlabelled: 2, Unseen: 1}
	return map[string]Upgrade{"nothing": nothing, "one": one, "many": many}
}

func writeUpgrade(t *testing.T, format string, style Style, u Upgrade) []byte {
	t.Helper()
	var out bytes.Buffer
	must(t, WriteUpgrade(&out, format, style, &u))
	return out.Bytes()
}

func TestEveryFormatOfAnUpgradeIsAsItsGolden(t *testing.T) {
	t.Parallel()
	got := map[string][]byte{}
	for name, u := range upgrades() {
		for _, format := range UpgradeFormats() {
			got["upgrade-"+name+"."+format] = writeUpgrade(t, format, Style{}, u)
			changes := UpgradeChanges{u.APIVersion, "UpgradeChangeList", u.From, u.To, u.Changes}
			var out bytes.Buffer
			must(t, WriteUpgradeChanges(&out, format, Style{}, &changes))
			got["upgrade-changes-"+name+"."+format] = out.Bytes()
		}
		got["upgrade-"+name+".terminal"] = writeUpgrade(t, "table", Style{Colour: true, Width: 72}, u)
	}
	compareGoldens(t, "upgrade-*", got)
}

func TestAnUpgradeSaysTheSameInJSONAndYAML(t *testing.T) {
	t.Parallel()
	for name, u := range upgrades() {
		fromJSON, fromYAML := map[string]any{}, map[string]any{}
		must(t, json.Unmarshal(writeUpgrade(t, "json", Style{}, u), &fromJSON))
		must(t, yaml.UnmarshalStrict(writeUpgrade(t, "yaml", Style{}, u), &fromYAML))
		if diff := cmp.Diff(fromJSON, fromYAML); diff != "" {
			t.Errorf("%s: YAML differs from JSON (-json +yaml):\n%s", name, diff)
		}
		noNulls(t, "", fromJSON)
	}
}

func TestNothingOfTheInputIsTakenForMarkup(t *testing.T) {
	t.Parallel()
	text := string(writeUpgrade(t, "markdown", Style{}, upgrades()["many"]))
	for _, bad := range []string{"<b>", "\x1b", "\u202e", "night|", "*\n"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page says %q", bad)
		}
	}
	for _, format := range []string{"table", "wide"} {
		if text := string(writeUpgrade(t, format, Style{}, upgrades()["many"])); strings.ContainsAny(text, "\x1b\u202e") {
			t.Errorf("%s: the terminal is told what to do", format)
		}
	}
}

func TestAnUpgradeInAnUnknownFormatIsAnError(t *testing.T) {
	t.Parallel()
	if err := WriteUpgrade(&bytes.Buffer{}, "toml", Style{}, &Upgrade{}); err == nil {
		t.Error("an upgrade was written as toml")
	}
	if err := WriteUpgradeChanges(&bytes.Buffer{}, "toml", Style{}, &UpgradeChanges{}); err == nil {
		t.Error("changes were written as toml")
	}
}

func TestTheWideTableNamesEveryPodAndCutsLongNames(t *testing.T) {
	t.Parallel()
	u := upgrades()["one"]
	flip := u.NewlyDenied[0]
	flip.Pods = nil
	for i := range 500 {
		flip.Pods = append(flip.Pods, fmt.Sprintf("web-%03d", i))
	}
	flip.Object.Name = strings.Repeat("x", 10_000)
	u.NewlyDenied = []UpgradeFlip{flip}
	text := string(writeUpgrade(t, "wide", Style{}, u))
	if !strings.Contains(text, "web-000, ") || !strings.Contains(text, ", web-499\n") {
		t.Error("pods are missing")
	}
	if strings.Contains(text, strings.Repeat("x", 300)) {
		t.Error("a name of 10000 characters was not cut")
	}
}
