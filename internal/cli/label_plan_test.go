package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
)

// planFile writes a plan for the cluster of an anyNamespace.
func planFile(t *testing.T, change func(*report.Plan), namespaces ...report.PlanNamespace) string {
	t.Helper()
	p := report.Plan{
		APIVersion: report.APIVersion, Kind: planKind, Cluster: report.Cluster{Address: "https://elsewhere", UID: "u"},
		Defaults: report.PlanDefaults{Assumed: true}, Namespaces: namespaces,
	}
	if change != nil {
		change(&p)
	}
	text, err := json.Marshal(&p)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "plan.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// plannedFor is a namespace of a plan: what it enforced, its labels, and what they
// are to be.
func plannedFor(name, enforced string, had, want map[string]string) report.PlanNamespace {
	return report.PlanNamespace{
		Name: name, Current: report.PlanPolicy{Enforce: enforced, Audit: "privileged:latest", Warn: "privileged:latest"},
		CurrentLabels: had, Labels: want,
	}
}

func TestAPlanIsReadAsYAMLToo(t *testing.T) {
	t.Parallel()
	shop := plannedFor("shop", "privileged:latest", map[string]string{}, map[string]string{pss.EnforceLabel: "baseline", pss.EnforceVersionLabel: "v1.33"})
	text, err := os.ReadFile(planFile(t, nil, shop))
	if err != nil {
		t.Fatal(err)
	}
	want, err := decodePlan(text)
	if err != nil {
		t.Fatal(err)
	}
	if text, err = yaml.JSONToYAML(text); err != nil {
		t.Fatal(err)
	}
	got, err := decodePlan(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(plannedNamespace{})); diff != "" {
		t.Errorf("of JSON (-), of YAML (+):\n%s", diff)
	}
	for _, text := range []string{"", "NAMESPACE  ENFORCES\nshop  baseline\n", "kind: [", "- kind: Plan"} {
		if _, err := decodePlan([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), "not the JSON or YAML of 'gabion plan -o json'") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestAPlanIsRefusedWhereTheLabelsHaveChangedSince(t *testing.T) {
	t.Parallel()
	none := map[string]string{}
	warn := func(level string) map[string]string { return map[string]string{pss.WarnLabel: level} }
	for name, tt := range map[string]struct {
		now, had, want map[string]string
		args           []string
		code, patches  int
		says           string
	}{
		"they are as they were":  {warn("baseline"), warn("baseline"), warn("restricted"), nil, 0, 1, "namespace/shop labeled\n"},
		"somebody has been here": {warn("restricted"), none, warn("baseline"), nil, 1, 0, "namespace/shop refused: its labels have changed since the plan was made (warn); make a new one with 'gabion plan'\n"},
		"by force, too":          {warn("restricted"), none, warn("baseline"), []string{"--force"}, 1, 0, "make a new one"},
		"though it asks for more": {
			warn("baseline"), none, map[string]string{pss.WarnLabel: "restricted", pss.AuditLabel: "restricted"}, nil, 1, 0, "make a new one",
		},
		"it has been labelled by this plan": {warn("restricted"), none, warn("restricted"), nil, 0, 0, "namespace/shop unchanged\n"},
	} {
		api := &anyNamespace{labels: tt.now}
		file := planFile(t, nil, plannedFor("shop", "privileged:latest", tt.had, tt.want))
		s, out, stderr, _ := connected(t, api, "", append([]string{"label", "--plan=" + file, "--yes", "--undo-file=" + file + ".undo"}, tt.args...)...)
		if code := Main(s); code != tt.code || api.patches != tt.patches || !strings.Contains(out.String(), tt.says) {
			t.Errorf("%s: exit code %d after %d patches, want %q:\n%s%s", name, code, api.patches, tt.says, out, stderr)
		}
	}
}

func TestWhatAsksForLessIsRefusedUnlessForced(t *testing.T) {
	t.Parallel()
	restricted := map[string]string{pss.EnforceLabel: "restricted", pss.WarnLabel: "restricted", pss.AuditLabel: "restricted"}
	const mark = "  ! enforce asks for less: privileged:latest instead of restricted:latest\n"
	for name, tt := range map[string]struct {
		args          []string
		code, patches int
		says          []string
	}{
		"nothing enforced": {[]string{"--enforce=privileged"}, 1, 0, []string{mark, "refused: it would loosen enforce; --force labels it all the same"}},
		"by force":         {[]string{"--enforce=privileged", "--force"}, 0, 1, []string{mark, "namespace/shop labeled"}},
		"warn and audit": {[]string{"--warn=baseline", "--audit=privileged"}, 1, 0, []string{
			"it would loosen audit and warn;", "! audit asks for less: privileged:latest instead of restricted:latest", "! warn asks for less: baseline:latest",
		}},
		"an older version":       {[]string{"--warn=restricted:v1.20"}, 1, 0, []string{"! warn asks for less: restricted:v1.20 instead of restricted:latest"}},
		"the version it has now": {[]string{"--enforce=restricted:v1.37"}, 0, 1, []string{"namespace/shop labeled"}},
	} {
		api := &anyNamespace{labels: restricted}
		s, out, stderr, _ := connected(t, api, "", append([]string{"label", "shop", "--yes", "--undo-file=" + filepath.Join(t.TempDir(), "undo")}, tt.args...)...)
		if code := Main(s); code != tt.code || api.patches != tt.patches {
			t.Errorf("%s: exit code %d after %d patches:\n%s%s", name, code, api.patches, out, stderr)
		}
		for _, want := range tt.says {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: no word of %q in\n%s", name, want, out)
			}
		}
	}
}

func TestAPlanLabelsTheNamespacesOfTheSystemThatItIsFor(t *testing.T) {
	t.Parallel()
	api := &anyNamespace{}
	file := planFile(t, nil, plannedFor("kube-system", "privileged:latest", map[string]string{}, map[string]string{pss.WarnLabel: "baseline"}))
	s, out, stderr, _ := connected(t, api, "", "label", "--plan="+file, "--yes", "--undo-file="+file+".undo")
	if code := Main(s); code != 0 || api.patches != 1 {
		t.Errorf("exit code %d after %d patches:\n%s%s", code, api.patches, out, stderr)
	}
}

func TestWhatAPlanKnowsOfTheAPIServerCounts(t *testing.T) {
	t.Parallel()
	want := map[string]string{pss.EnforceLabel: "baseline", pss.EnforceVersionLabel: "v1.37"}
	for name, tt := range map[string]struct {
		enforced string
		change   func(*report.Plan)
		patches  int
	}{
		// What runs in the namespace cannot be listed here: nothing is in the way
		// where the plan says that nothing is enforced anew.
		"it enforces that by default": {"baseline:latest", nil, 1},
		"it enforces nothing":         {"privileged:latest", nil, 0},
		"it enforces more by default": {"restricted:latest", nil, 0},
		"the namespace is exempt":     {"privileged:latest", func(p *report.Plan) { p.Exemptions.Namespaces = []string{"shop"} }, 1},
	} {
		api := &anyNamespace{}
		file := planFile(t, tt.change, plannedFor("shop", tt.enforced, map[string]string{}, want))
		s, out, stderr, _ := connected(t, api, "", "label", "--plan="+file, "--yes", "--undo-file="+file+".undo")
		if code := Main(s); api.patches != tt.patches {
			t.Errorf("%s: exit code %d after %d patches:\n%s%s", name, code, api.patches, out, stderr)
		}
	}
}

func TestAFileOfAnotherClusterIsRefused(t *testing.T) {
	t.Parallel()
	plan := func(c report.Cluster) string {
		return planFile(t, func(p *report.Plan) { p.Cluster = c },
			plannedFor("shop", "privileged:latest", map[string]string{}, map[string]string{pss.WarnLabel: "baseline"}))
	}
	undo := filepath.Join(t.TempDir(), "undo.json")
	if err := os.WriteFile(undo, []byte(`{"apiVersion": "gabion.io/v1alpha1", "kind": "LabelUndo", "cluster": {"address": "https://elsewhere", "uid": "v"},
		"namespaces": [{"name": "shop", "uid": "u", "labels": [{"key": "pod-security.kubernetes.io/warn", "before": "baseline", "after": null}]}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	const other = `: it is for the cluster https://elsewhere, and this is http://127\.0\.0\.1:\d+; --context chooses another\n$`
	for name, tt := range map[string]struct {
		args []string
		code int
		says string
	}{
		"a plan":                       {[]string{"--plan=" + plan(report.Cluster{Address: "https://elsewhere", UID: "v"})}, 3, `^gabion: \S*plan.json` + other},
		"a plan, by force":             {[]string{"--plan=" + plan(report.Cluster{Address: "https://elsewhere", UID: "v"}), "--force"}, 3, other},
		"undo data":                    {[]string{"--undo=" + undo}, 3, `^gabion: \S*undo.json` + other},
		"a plan of who knows":          {[]string{"--plan=" + plan(report.Cluster{Address: "https://elsewhere"})}, 3, "nobody knows whether http"},
		"a plan of who knows by force": {[]string{"--plan=" + plan(report.Cluster{Address: "https://elsewhere"}), "--force"}, 0, "1 labeled\n"},
		"a plan of manifests":          {[]string{"--plan=" + plan(report.Cluster{})}, 0, "1 labeled\n"},
	} {
		api := &anyNamespace{}
		args := append([]string{"label", "--yes"}, tt.args...)
		if !strings.HasPrefix(tt.args[0], "--undo") {
			args = append(args, "--undo-file="+filepath.Join(t.TempDir(), "undo"))
		}
		s, _, stderr, _ := connected(t, api, "", args...)
		if code := Main(s); code != tt.code || (api.patches > 0) != (tt.code == 0) || !regexp.MustCompile(tt.says).MatchString(stderr.String()) {
			t.Errorf("%s: exit code %d after %d patches: %s", name, code, api.patches, stderr)
		}
	}
}

func TestUndoingRestoresWhateverTheNamespaceSaysSince(t *testing.T) {
	t.Parallel()
	undo := filepath.Join(t.TempDir(), "undo.json")
	if err := os.WriteFile(undo, []byte(`{"apiVersion": "gabion.io/v1alpha1", "kind": "LabelUndo", "cluster": {"address": "https://elsewhere", "uid": "u"},
		"namespaces": [{"name": "shop", "uid": "u", "labels": [{"key": "pod-security.kubernetes.io/warn", "before": "baseline", "after": "restricted"}]}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	labelled := map[string]string{pss.WarnLabel: "restricted"}
	optedOut := map[string]string{pss.WarnLabel: "restricted", "gabion.io/manage": "false"}
	for name, tt := range map[string]struct {
		labels map[string]string
		args   []string
		code   int
		says   []string
	}{
		"it is as it was labelled": {labelled, nil, 0, []string{"namespace/shop restored\n", "1 restored\n", "! warn asks for less: baseline:latest"}},
		"it has opted out since":   {optedOut, nil, 1, []string{`namespace/shop skipped: its label gabion.io/manage is "false" now; --force restores it all the same`}},
		"the same by force":        {optedOut, []string{"--force"}, 0, []string{"namespace/shop restored\n"}},
		"a dry run":                {labelled, []string{"--dry-run=client"}, 0, []string{"namespace/shop restored (dry run)\n"}},
	} {
		api := &anyNamespace{labels: tt.labels}
		s, out, stderr, _ := connected(t, api, "", append([]string{"label", "--undo=" + undo, "--yes"}, tt.args...)...)
		if code := Main(s); code != tt.code {
			t.Errorf("%s: exit code %d:\n%s%s", name, code, out, stderr)
		}
		for _, want := range tt.says {
			if !strings.Contains(out.String()+stderr.String(), want) {
				t.Errorf("%s: no word of %q in\n%s%s", name, want, out, stderr)
			}
		}
	}
}

func TestANamespaceThatIsBeingDeletedIsLeftAlone(t *testing.T) {
	t.Parallel()
	api := &anyNamespace{terminating: true}
	s, out, stderr, _ := connected(t, api, "", "--yes")
	if code := Main(s); code != 1 || api.patches > 0 || !strings.Contains(out.String(), "namespace/shop skipped: it is being deleted\n") {
		t.Errorf("exit code %d after %d patches:\n%s%s", code, api.patches, out, stderr)
	}
	// What a plan wanted of it needs nobody any more.
	file := planFile(t, nil, plannedFor("shop", "privileged:latest", map[string]string{}, map[string]string{pss.WarnLabel: "baseline"}))
	s, out, stderr, _ = connected(t, api, "", "label", "--plan="+file, "--yes")
	if code := Main(s); code != 0 || api.patches > 0 || !strings.Contains(out.String(), "namespace/shop skipped: it is being deleted\n") {
		t.Errorf("by a plan: exit code %d after %d patches:\n%s%s", code, api.patches, out, stderr)
	}
}

func TestWhatIsAssumedOfTheClusterIsSaid(t *testing.T) {
	t.Parallel()
	config := filepath.Join(t.TempDir(), "psa.yaml")
	if err := os.WriteFile(config, []byte("apiVersion: pod-security.admission.config.k8s.io/v1\nkind: PodSecurityConfiguration\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const note = "note: 1 namespace has no enforce label, assuming privileged; --admission-config FILE says what the cluster's default is\n"
	for name, tt := range map[string]struct {
		labels map[string]string
		args   []string
		want   bool
	}{
		"no enforce label": {nil, []string{"--enforce=privileged"}, true},
		"one that stands":  {map[string]string{pss.EnforceLabel: "privileged"}, []string{"--enforce=privileged:v1.37"}, false},
		"warnings only":    {nil, []string{"--warn=baseline"}, false},
		"the defaults are known": {
			nil, []string{"--enforce=privileged", "--admission-config=" + config}, false,
		},
	} {
		s, out, stderr, _ := connected(t, &anyNamespace{labels: tt.labels}, "", append([]string{"label", "shop", "--dry-run=client"}, tt.args...)...)
		if code := Main(s); code != 0 || strings.Contains(stderr.String(), note) != tt.want {
			t.Errorf("%s: exit code %d:\n%s%s", name, code, out, stderr)
		}
	}
}
