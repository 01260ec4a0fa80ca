package parity_test

import (
	"slices"
	"strings"
	"testing"
)

// step is one request of the script.
type step struct {
	// says is what the plugin's answer has to hold: without it the step does not
	// test what it is there for.
	says string
	*request
}

// nothing is what a request says that is let through in silence.
const nothing = "; and nothing more"

// playScript plays the steps one after the other, and the last ones after them.
func playScript(t *testing.T, p *player, last []step) {
	t.Helper()
	for i, s := range slices.Concat(
		namespaceSteps(), brokenLabelSteps(), podSteps(), podUpdateSteps(), exemptionSteps(), workloadSteps(), sweepSteps(), oddSteps(), last,
	) {
		plugin, diff, err := p.play(t.Context(), s.request)
		if err != nil {
			t.Fatalf("step %d, %v: %v", i, s.request, err)
		}
		if diff != "" {
			t.Errorf("step %d, %v\nplugin (-) and Gabion (+):\n%s", i, s.request, diff)
		}
		if !strings.Contains(plugin.String(), s.says) {
			t.Errorf("step %d, %v\nthe plugin says\n%v\nwithout %q", i, s.request, plugin, s.says)
		}
	}
	p.tally.check(t, p.lacks)
}

// relabel returns the request that sets labels of a namespace; an empty value
// removes one.
func relabel(name string, labels ...string) *request {
	return patch("namespaces", "", name, mergePatch, labelPatch(labels...))
}

// smuggle does the same by the namespace's status, where labels are not looked
// at: no other way leads to invalid ones.
func smuggle(name string, labels ...string) *request {
	r := relabel(name, labels...)
	r.path += "/status"
	return r
}

func labelPatch(labels ...string) string {
	var fields []string
	for i := 0; i < len(labels); i += 2 {
		value := `"` + labels[i+1] + `"`
		if labels[i+1] == "" {
			value = "null"
		}
		fields = append(fields, `"`+pluginPrefix+labels[i]+`":`+value)
	}
	return `{"metadata":{"labels":{` + strings.Join(fields, ",") + `}}}`
}

func namespaceSteps() []step {
	const invalid = "422; Invalid: "
	generated := namespace("", "enforce", "nonsense")
	generated.GenerateName = "generated-"
	fine := namespace("", "enforce", "restricted", "warn-version", "v1.20")
	fine.GenerateName = "generated-"
	empty := namespace("empty", "enforce", "", "audit-version", "")
	return []step{
		{"201", create("namespaces", "", namespace("plain"))},
		{"409", create("namespaces", "", namespace("plain"))},
		{"201", create("namespaces", "", namespace("open", "enforce", "privileged", "audit", "privileged", "warn", "privileged"))},
		{"201", create("namespaces", "", namespace("base", "enforce", "baseline"))},
		{"201", create("namespaces", "", namespace("strict", "enforce", "restricted", "enforce-version", "v1.24"))},
		{"201", create("namespaces", "", namespace("advise", "enforce", "privileged", "audit", "restricted", "warn", "restricted", "audit-version", "latest", "warn-version", "latest"))},
		{"201", create("namespaces", "", namespace("crowd", "enforce", "privileged", "enforce-version", "v1.99"))},
		{"201", create("namespaces", "", namespace("broken"))},
		{"201", create("namespaces", "", namespace(strings.Repeat("a", 63), "enforce", "baseline"))},
		{invalid, create("namespaces", "", namespace("bad", "enforce", "nonsense", "enforce-version", "1.2", "audit", "x", "audit-version", "v2", "warn", "y", "warn-version", "v1.01"))},
		{invalid, create("namespaces", "", namespace("bad", "enforce", "Restricted")).dry()},
		{invalid, create("namespaces", "", namespace("bad", "warn-version", "v1.99999999999999999999"))},
		{invalid, create("namespaces", "", namespace("0-9", "audit", "baseline.x")).by(exemptUser)},
		{invalid, create("namespaces", "", namespace("bad", "enforce", strings.Repeat("b", 63))).by(exemptUser)},
		{invalid, create("namespaces", "", generated)},
		{"201", create("namespaces", "", fine)},
		{invalid, create("namespaces", "", empty)},
		{"422", create("namespaces", "", namespace("bad", "enforce", "not a label"))}, // refused before
		{"422", create("namespaces", "", namespace("Bad_name", "enforce", "baseline"))},
		{"201", create("namespaces", "", namespace("typo", "enfroce", "restricted", "enforce-Version", "latest"))},
		{invalid, relabel("plain", "enforce", "strict")},
		{invalid, relabel("plain", "enforce", "strict").dry()},
		{"200", relabel("plain", "warn", "baseline", "warn-version", "v1.22")},
		{"200", patch("namespaces", "", "plain", mergePatch, `{"metadata":{"annotations":{"a":"b"}}}`)},
		{"200", put(namespace("plain", "warn", "baseline"))},
		{invalid, put(namespace("plain", "warn", "base"))},
		{"201", apply("namespaces", "", "applied", `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"applied","labels":{"pod-security.kubernetes.io/enforce":"baseline"}}}`)},
		{invalid, apply("namespaces", "", "applied", `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"applied","labels":{"pod-security.kubernetes.io/enforce":"b"}}}`)},
	}
}

// apply returns the request of a server-side apply.
func apply(resource, namespace, name, body string) *request {
	r := patch(resource, namespace, name, serverApply, body)
	r.path += "?fieldManager=parity&force=true"
	return r
}

// brokenLabelSteps leave the namespace "broken" with invalid labels.
func brokenLabelSteps() []step {
	const refused = "422; Invalid: "
	repair := func(labels ...string) *request {
		r := relabel("broken", labels...)
		r.repair = true
		return r
	}
	const fallback = `violates PodSecurity "restricted:`
	return []step{
		{"200", smuggle("broken", "enforce", "nonsense", "enforce-version", "v1.24", "audit-version", "1", "warn", "x")},
		{"200", relabel("broken", "other", "label")},
		{"200", patch("namespaces", "", "broken", mergePatch, `{"metadata":{"labels":{"team":"b"}}}`)},
		{refused, repair("enforce", "baseline")},
		{refused, repair("warn", "baseline")},
		{refused, repair("warn", "y")},
		{refused, repair("audit-version", "").dry()},
		{"200", repair("enforce", "baseline", "audit-version", "latest", "warn", "").dry()},
		{fallback, create("pods", "broken", pod("p", hostPID))},
		{fallback, create("pods", "broken", pod("p", asRoot))},
		{"Failed to parse policy", create("pods", "broken", pod("compliant"))},
		{`exempt=runtimeClass`, create("pods", "broken", pod("p", hostPID, ofClass(exemptClass))).dry()},
		{`exempt=user`, create("pods", "broken", pod("p", hostPID)).by(exemptUser).dry()},
		{"Failed to parse policy", create("deployments", "broken", workload("deployments", "d", pod("", privileged)))},
		{"Failed to parse policy", create("jobs", "broken", workload("jobs", "d", pod("", asRoot))).dry()},
		{"200", smuggle("broken", "enforce-version", "w")},
		{fallback, create("pods", "broken", pod("p", hostPID))},
		{"200", smuggle("broken", "enforce", "baseline", "enforce-version", "", "warn", "restricted")},
		{`violates PodSecurity "baseline:v1.30"`, create("pods", "broken", pod("p", hostPID))},
		{"Failed to parse policy", create("pods", "broken", pod("p", asRoot))},
	}
}
