package parity_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tally counts what requests led to, by the plugin's answers.
type tally map[string]int

// classes are what a sequence has to lead to. A sequence that never does is no
// proof.
var classes = []string{
	"pod denied", "pod allowed", "labels refused", "repair refused",
	"warning for pods", "audit-violations for pods", "audit-violations of a denied pod",
	"warning for replicationcontrollers", "warning for podtemplates", "warning for replicasets", "warning for deployments",
	"warning for statefulsets", "warning for daemonsets", "warning for jobs", "warning for cronjobs",
	"enforce-policy", "error for pods", "error for a workload", "exempt by user", "exempt by namespace", "exempt by runtimeClass",
	"sweep", "sweep in a dry run", "labels of an exempt namespace",
	"ephemeralcontainers judged", "ephemeralcontainers denied", "resize", "status",
	"escaped", "pod update without annotations",
	"refused by the API server itself",
}

// add counts an answer of the plugin.
func (c tally) add(r *request, a answer) {
	c["requests"]++
	count := func(class string, yes bool) {
		if yes {
			c[class]++
		}
	}
	text := func(key string) string { return a.Annotations[pluginPrefix+key] }
	isPod, refused := r.resource == "pods", isRefusal(a)
	count("pod denied", isPod && refused)
	count("pod allowed", isPod && text("enforce-policy") != "" && a.Code < 300)
	count("labels refused", !isPod && refused)
	count("repair refused", r.repair && refused)
	count("refused by the API server itself", a.Code >= 400 && !refused)
	count("audit-violations for pods", isPod && text("audit-violations") != "")
	count("audit-violations of a denied pod", isPod && refused && text("audit-violations") != "")
	count("enforce-policy", text("enforce-policy") != "")
	count("error for pods", isPod && text("error") != "")
	count("error for a workload", !isPod && text("error") != "")
	count("exempt by "+text("exempt"), text("exempt") != "")
	count("pod update without annotations", r.keptAway && expectsLess(r, a))
	count("escaped", r.odd.raw != "" && escapes(r, a))
	count("status", strings.Contains(r.path, "/status"))
	count("resize", strings.Contains(r.path, "/resize") && a.Code < 300)
	ephemeral := strings.Contains(r.path, "/ephemeralcontainers")
	count("ephemeralcontainers judged", ephemeral && text("enforce-policy") != "")
	count("ephemeralcontainers denied", ephemeral && refused)
	for _, w := range a.Warnings {
		count("warning for "+r.resource, strings.HasPrefix(w, "would violate PodSecurity "))
		count("sweep", strings.HasPrefix(w, "existing pods in namespace "))
		count("sweep in a dry run", r.isDry() && strings.HasPrefix(w, "existing pods in namespace "))
		count("labels of an exempt namespace", strings.Contains(w, "is exempt from Pod Security"))
	}
}

// expectsLess reports whether Gabion has to have fewer annotations.
func expectsLess(r *request, a answer) bool {
	return len(expected(r, a).Annotations) < len(a.Annotations)
}

// escapes reports whether the odd text of a request is in the plugin's answer.
func escapes(r *request, a answer) bool {
	plain := *r
	plain.odd = odd{}
	return !cmp.Equal(expected(r, a), expected(&plain, a))
}

// check demands that a sequence led to everything but what the API server lacks.
func (c tally) check(t *testing.T, lacks []string) {
	t.Helper()
	for _, class := range slices.Sorted(maps.Keys(c)) {
		t.Logf("%5d %s", c[class], class)
	}
	for _, class := range c.missing(lacks) {
		t.Errorf("no request of the sequence led to this: %s", class)
	}
}

// missing returns the classes that never occurred, but for those that cannot.
func (c tally) missing(lacks []string) []string {
	return slices.DeleteFunc(slices.Clone(classes), func(class string) bool { return c[class] > 0 || slices.Contains(lacks, class) })
}
