package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

func planLabels(enforce, announce string) map[string]string {
	labels := map[string]string{}
	for mode, policy := range map[string]string{"enforce": enforce, "audit": announce, "warn": announce} {
		level, version, ok := strings.Cut(policy, ":")
		if ok {
			key := "pod-security.kubernetes.io/" + mode
			labels[key], labels[key+"-version"] = level, version
		}
	}
	return labels
}

func planViolation(control, origin string, paths ...string) PlanViolation {
	v := PlanViolation{Control: control, Level: "baseline", Reason: control + " is wrong", Origin: origin, Findings: []PlanFinding{}}
	for _, path := range paths {
		v.Findings = append(v.Findings, PlanFinding{Path: path, Value: true, Allowed: "undefined", Fix: "remove " + control})
	}
	return v
}

func planBlocker(kind, name string, violations ...PlanViolation) PlanBlocker {
	return PlanBlocker{Object: Object{"apps/v1", kind, "shop", name}, Pods: 2, Failing: 1, Violations: violations}
}

func planSpace(name, stage string, change func(*PlanNamespace)) PlanNamespace {
	n := PlanNamespace{
		Name: name, Stage: stage, LabelsKnown: true, Strictest: "restricted",
		Current:       PlanPolicy{"privileged:latest", "privileged:latest", "privileged:latest"},
		CurrentLabels: map[string]string{}, Labels: map[string]string{}, Reasons: []PlanReason{},
		AtRisk: []PlanBlocker{}, Steps: []PlanStep{}, Older: []PlanOlder{}, Pods: 3, Workloads: 2,
	}
	if change != nil {
		change(&n)
	}
	return n
}

// shop is a namespace with something to do now and something to fix.
func shop(n *PlanNamespace) {
	n.Strictest, n.Change, n.Labels = "baseline", true, planLabels("baseline:v1.37", "restricted:latest")
	n.Reasons = []PlanReason{{ReasonUnlabelled, "no enforce label"}}
	n.Steps = []PlanStep{{Enforce: "restricted:v1.37", Labels: planLabels("restricted:v1.37", "restricted:latest"), Blockers: []PlanBlocker{
		planBlocker("Deployment", "web", planViolation("runAsNonRoot", OriginTemplate, "spec.template.spec.containers[0]")),
	}}}
}

func manySpaces() []PlanNamespace {
	injected := planViolation("capabilities_baseline", OriginInjected, "spec.initContainers[0]")
	injected.Findings[0].Container = "istio-init"
	seen := planBlocker("Job", "night", PlanViolation{Reason: "who knows", Origin: OriginAuditLog, Detail: "no", Findings: []PlanFinding{}})
	seen.Pods, seen.Failing, seen.Seen, seen.LastSeen, seen.Partial = 0, 0, 2, "2026-11-20T10:00:00Z", true
	template := planViolation("runAsNonRoot", OriginTemplate, "spec.template.spec.containers[0]", "spec.template.spec.containers[1]")
	step := func(enforce string, blockers ...PlanBlocker) PlanStep {
		return PlanStep{Enforce: enforce, Labels: planLabels(enforce, "restricted:latest"), Blockers: blockers}
	}
	return []PlanNamespace{
		planSpace("broken", StageFix, func(n *PlanNamespace) {
			n.Current.Enforce, n.CurrentLabels = "restricted:latest", planLabels("restricted:latest", "")
			n.Strictest = "baseline"
			n.AtRisk = []PlanBlocker{planBlocker("Deployment", "web", template), planBlocker("Deployment", "api", planViolation("hostPorts", OriginPod, "spec.x"))}
			n.Reasons = []PlanReason{
				{ReasonRestart, "fails"},
				{ReasonInvalid, "metadata.labels[x]: Invalid value: " + hostile},
				{ReasonUnpinned, "latest"},
				{ReasonKept, "stays"},
				{ReasonOlder, "restricted:v1.5 would pass, without seccompProfile_restricted"},
			}
			n.Older = []PlanOlder{{"restricted:v1.5", []string{"seccompProfile_restricted"}}}
		}),
		planSpace("shop", StageLabel, shop),
		planSpace("a-namespace-with-quite-a-long-name", StageLabel, func(n *PlanNamespace) {
			n.Strictest, n.Change, n.Labels = "privileged", true, planLabels("privileged:v1.37", "restricted:latest")
			n.Reasons = []PlanReason{{ReasonUnlabelled, "no enforce label"}, {ReasonDefaults, "the audit log shows baseline:latest"}}
			n.Steps = []PlanStep{
				step("baseline:v1.37", planBlocker("Deployment", "a", injected), planBlocker("Deployment", "b", injected),
					planBlocker("Deployment", "c", injected), planBlocker("Deployment", "d", injected), planBlocker("Deployment", "e", injected), seen),
				step("restricted:v1.37", planBlocker("Deployment", "a", injected, template), planBlocker("Deployment", hostile, template)),
			}
		}),
		planSpace("weak", StageLabel, func(n *PlanNamespace) {
			n.Current.Enforce, n.CurrentLabels = "baseline:latest", planLabels("baseline:latest", "")
			n.Change, n.Labels = true, planLabels("restricted:v1.37", "restricted:latest")
			n.Reasons = []PlanReason{{ReasonWeaker, "weaker"}, {ReasonUnpinned, "latest"}}
			n.Older = []PlanOlder{{"restricted:v1.5", []string{"seccompProfile_restricted"}}, {"restricted:v1.7", []string{}}}
		}),
		planSpace("unpinned", StageLabel, func(n *PlanNamespace) {
			n.Current.Enforce, n.CurrentLabels = "restricted:latest", planLabels("restricted:latest", "")
			n.Change, n.Labels = true, planLabels("restricted:v1.37", "restricted:latest")
			n.Reasons = []PlanReason{{ReasonUnpinned, "latest"}}
		}),
		planSpace("unknown", StageIncomplete, func(n *PlanNamespace) {
			n.LabelsKnown = false
			n.Reasons = []PlanReason{{ReasonIncomplete, "the Namespace itself was not seen"}, {ReasonIncomplete, "1 thing that may be in any namespace could not be seen"}}
		}),
		planSpace("partly", StageIncomplete, func(n *PlanNamespace) {
			n.Change, n.Labels = true, planLabels("", "restricted:latest")
			n.Steps = []PlanStep{step("baseline:v1.37")} // nothing that was seen stands in the way
			n.Steps[0].Blockers = []PlanBlocker{}
			n.Reasons = []PlanReason{{ReasonIncomplete, "pods could not be listed: " + hostile}, {ReasonUnlabelled, "no label"}}
		}),
		planSpace("good", StageDone, func(n *PlanNamespace) {
			n.Current.Enforce, n.CurrentLabels = "restricted:v1.37", planLabels("restricted:v1.37", "restricted:latest")
			n.Labels = n.CurrentLabels
		}),
		planSpace(hostile, StageLabel, shop),
		planSpace("$(reboot)", StageLabel, shop),
		planSpace("kube-system", StageSystem, func(n *PlanNamespace) { n.System, n.Strictest = true, "privileged" }),
		planSpace("kube-public", StageSystem, func(n *PlanNamespace) { n.System = true }),
		planSpace("free", StageExempt, nil),
		planSpace("mine", StageOptedOut, nil),
	}
}

func TestEveryFormatSaysTheSameOfWhatToDoNow(t *testing.T) {
	t.Parallel()
	p := Plan{Target: "restricted", Pin: "v1.37", Namespaces: []PlanNamespace{planSpace("late", StageLabel, func(n *PlanNamespace) {
		n.Current.Enforce, n.CurrentLabels = "restricted:latest", planLabels("restricted:latest", "")
		n.Change, n.Labels, n.Strictest = true, planLabels("restricted:v1.37", "restricted:latest"), "baseline"
		n.AtRisk = []PlanBlocker{planBlocker("Deployment", "web", planViolation("hostPorts", OriginTemplate, "spec.x"))}
	})}}
	for format, want := range map[string]string{
		"table":    "late       restricted  baseline  pin v1.37  1 at risk\n",
		"wide":     "late       restricted  baseline  pin v1.37  1 at risk",
		"markdown": "| late | restricted | baseline | pin v1.37 | 1 at risk |\n",
		"kubectl":  "# late: pin v1.37; to fix: 1 at risk\n",
	} {
		var out bytes.Buffer
		must(t, WritePlan(&out, format, Style{}, &p))
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s: no line %q in\n%s", format, want, out.String())
		}
	}
}

func plans() map[string]Plan {
	make := func(namespaces ...PlanNamespace) Plan {
		p := Plan{
			APIVersion: APIVersion, Kind: "Plan", Latest: "v1.37", Target: "restricted", Pin: "v1.37",
			Defaults:   PlanDefaults{PlanPolicy{"privileged:latest", "privileged:latest", "privileged:latest"}, true},
			Exemptions: PlanExemptions{[]string{}, []string{}, []string{}},
			Proposed: PlanConfiguration{
				PlanPolicy{"restricted:v1.37", "restricted:latest", "restricted:latest"}, PlanExemptions{[]string{}, []string{}, []string{}}, []string{},
			},
			Namespaces: append([]PlanNamespace{}, namespaces...), Gaps: []string{},
		}
		for i := range namespaces {
			p.Summary.Add(&namespaces[i])
		}
		return p
	}
	many := make(manySpaces()...)
	many.Server, many.Defaults.Assumed = "v1.37.2", false
	many.Cluster = Cluster{"https://10.0.0.1:6443", "u"}
	many.Gaps = []string{"things.example.com could not be listed: " + hostile, "and another"}
	many.Exemptions = PlanExemptions{[]string{hostile, "bob"}, []string{"free"}, []string{"kata"}}
	many.Proposed = PlanConfiguration{
		PlanPolicy{"baseline:v1.37", "restricted:latest", "restricted:latest"},
		PlanExemptions{many.Exemptions.Usernames, []string{"free", "kube-system"}, []string{"kata"}}, []string{"shop", hostile},
	}
	return map[string]Plan{"nothing": make(), "one": make(planSpace("shop", StageLabel, shop)), "many": many}
}

func writePlan(t *testing.T, format string, style Style, p Plan) []byte {
	t.Helper()
	var out bytes.Buffer
	must(t, WritePlan(&out, format, style, &p))
	return out.Bytes()
}

func TestEveryFormatOfAPlanIsAsItsGolden(t *testing.T) {
	t.Parallel()
	got := map[string][]byte{}
	for name, p := range plans() {
		for _, format := range PlanFormats() {
			got["plan-"+name+"."+format] = writePlan(t, format, Style{}, p)
		}
		got["plan-"+name+".terminal"] = writePlan(t, "table", Style{Colour: true, Width: 80}, p)
		got["plan-"+name+".summary"] = []byte(p.Summary.Line() + "\n")
	}
	compareGoldens(t, "plan-*", got)
}

func TestNothingThatAPlanPrintsCanHarmATerminalOrAFile(t *testing.T) {
	t.Parallel()
	p := plans()["many"]
	for _, format := range PlanFormats() {
		text := writePlan(t, format, Style{}, p)
		// JSON is for programs, and like every JSON here it has Unicode as it is.
		turned := format != "json" && bytes.Contains(text, []byte("\u202e"))
		if bytes.ContainsAny(text, "\x1b\x07") || turned || bytes.Contains(text, []byte("\nPASS")) {
			t.Errorf("%s: hostile text gets through:\n%s", format, text)
		}
	}
}

func TestOnATerminalNoLineOfATableIsWiderThanIt(t *testing.T) {
	t.Parallel()
	for name, p := range plans() {
		p.Namespaces = withoutHostile(p.Namespaces)
		for _, width := range []int{80, 120} {
			for _, line := range strings.Split(string(writePlan(t, "table", Style{Width: width}, p)), "\n") {
				if n := len([]rune(line)); n > width && strings.Contains(strings.TrimSpace(line), " ") && !strings.Contains(line, "x1b") {
					t.Errorf("%s at %d: %d columns: %s", name, width, n, line)
				}
			}
		}
	}
}

func TestATableOfManyNamespacesSaysHowToSeeWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	p := plans()["nothing"]
	for i := range 20 {
		p.Namespaces = append(p.Namespaces, planSpace(fmt.Sprintf("shop-%02d", i), StageLabel, func(n *PlanNamespace) {
			shop(n)
			for range 20 - i { // the last ones are nearest to the next level
				n.Steps[0].Blockers = append(n.Steps[0].Blockers, n.Steps[0].Blockers[0])
			}
			n.Reasons = append(n.Reasons, PlanReason{ReasonUnpinned, "latest"})
		}))
	}
	table := string(writePlan(t, "table", Style{}, p))
	for _, want := range []string{
		"\nshop-19, 2 workloads before restricted\n", "\nshop-08, ", "\nand 8 namespaces more: name one to see what is to be fixed in it, or -o wide for all\n",
		"shop-06, shop-07 and 12 more\n",
	} {
		if !strings.Contains(table, want) {
			t.Errorf("%q is not in\n%s", want, table)
		}
	}
	if strings.Contains(table, "\nshop-07, ") || strings.Index(table, "\nshop-19, ") > strings.Index(table, "\nshop-18, ") {
		t.Errorf("too much, or in another order:\n%s", table)
	}
	if wide := string(writePlan(t, "wide", Style{}, p)); strings.Count(wide, "workloads before restricted") != 20 {
		t.Errorf("the wide table leaves something out:\n%s", wide)
	}
}

func withoutHostile(all []PlanNamespace) []PlanNamespace {
	var kept []PlanNamespace
	for _, n := range all {
		if n.Name != hostile {
			kept = append(kept, n)
		}
	}
	return kept
}

func TestThePlanAsYAMLSaysWhatTheJSONDoesAndHasNoNulls(t *testing.T) {
	t.Parallel()
	for name, p := range plans() {
		fromJSON, fromYAML := map[string]any{}, map[string]any{}
		must(t, json.Unmarshal(writePlan(t, "json", Style{}, p), &fromJSON))
		must(t, yaml.UnmarshalStrict(writePlan(t, "yaml", Style{}, p), &fromYAML))
		if diff := cmp.Diff(fromJSON, fromYAML); diff != "" {
			t.Errorf("%s: YAML differs from JSON (-json +yaml):\n%s", name, diff)
		}
		noNulls(t, "", fromJSON)
	}
}

func TestTheCommandsOfAPlanAreSafeInAShell(t *testing.T) {
	t.Parallel()
	script := string(writePlan(t, "kubectl", Style{}, plans()["many"]))
	sh := exec.CommandContext(t.Context(), "sh", "-eu", "-c", "kubectl() { printf '%s\\n' \"$*\"; }\n"+script)
	sh.Env = []string{"PATH=" + os.Getenv("PATH")}
	out, err := sh.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var named []string
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		fields := strings.Fields(line)
		if len(fields) < 5 || strings.Join(fields[:3], " ") != "label --overwrite ns" {
			t.Fatalf("the shell ran %q", line)
		}
		named = append(named, fields[3])
	}
	if diff := cmp.Diff([]string{"shop", "a-namespace-with-quite-a-long-name", "weak", "unpinned", "partly"}, named); diff != "" {
		t.Errorf("namespaces (-want +got):\n%s", diff)
	}
}

func TestTheKustomizationOfAPlanIsAComponentWithTheLabels(t *testing.T) {
	t.Parallel()
	var file struct {
		Kind    string
		Patches []struct {
			Target struct{ Kind, Name string }
			Patch  string
		}
	}
	must(t, yaml.Unmarshal(writePlan(t, "kustomize", Style{}, plans()["one"]), &file))
	if file.Kind != "Component" || len(file.Patches) != 1 || file.Patches[0].Target.Name != "shop" {
		t.Fatalf("got %+v", file)
	}
	var patch struct {
		Kind     string
		Metadata struct {
			Name   string
			Labels map[string]string
		}
	}
	must(t, yaml.Unmarshal([]byte(file.Patches[0].Patch), &patch))
	if diff := cmp.Diff(planLabels("baseline:v1.37", "restricted:latest"), patch.Metadata.Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
}

func TestTheConfigurationIsOfAVersionThatTheAPIServerReads(t *testing.T) {
	t.Parallel()
	for latest, want := range map[string]string{
		"v1.37": "/v1\n", "v1.25": "/v1\n", "v1.24": "/v1beta1\n", "v1.23": "/v1beta1\n", "v1.22": "/v1alpha1\n", "latest": "/v1\n", "": "/v1\n",
	} {
		if text := planAdmission(&Plan{Latest: latest}); !strings.Contains(text, "pod-security.admission.config.k8s.io"+want) {
			t.Errorf("%s: no %q in %s", latest, want, text)
		}
	}
}
