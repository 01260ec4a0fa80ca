package parity_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// answer is what an API server says to a request: to the client, and of it in
// the audit log.
type answer struct {
	Code     int
	Reason   metav1.StatusReason
	Message  string
	Details  *metav1.StatusDetails
	Warnings []string
	// Annotations are all those of the audit event, with their prefixes.
	Annotations map[string]string
}

// described is how a violation is described, behind the policy that is violated.
var described = regexp.MustCompile(`(?s)(violates? (?:the new )?PodSecurity (?:enforce level )?"[^"]*")(?:: .*)?`)

// verdict is the answer without the words in which violations are described, and
// so without the lines that tell pods apart by them.
func (a answer) verdict() answer {
	cut := func(text string) string { return described.ReplaceAllString(text, "$1") }
	a.Message = cut(a.Message)
	var warnings []string
	for _, w := range a.Warnings {
		if described.MatchString(w) || !strings.Contains(w, ": ") {
			warnings = append(warnings, cut(w))
		}
	}
	a.Warnings, a.Annotations = warnings, maps.Clone(a.Annotations)
	for key, value := range a.Annotations {
		a.Annotations[key] = cut(value)
	}
	return a
}

// pluginPrefix begins the keys of the plugin's annotations.
const pluginPrefix = "pod-security.kubernetes.io/"

// webhook returns the name of the webhook that is asked about a resource.
func webhook(resource string) string {
	switch resource {
	case "pods":
		return "enforce.pod-security.gabion.io"
	case "namespaces":
		return "namespaces.pod-security.gabion.io"
	}
	return "advisory.pod-security.gabion.io"
}

// difference compares the answers to a request. It is empty if Gabion's is what
// the plugin's lets expect.
func difference(r *request, plugin, gabion answer) string {
	return cmp.Diff(expected(r, masked(r, plugin)), masked(r, gabion))
}

// expected turns the plugin's answer into the one that has to come through
// Gabion. What it changes is all that may differ.
func expected(r *request, plugin answer) answer {
	name := webhook(r.resource)
	a := plugin
	if isRefusal(plugin) {
		a.Message = `admission webhook "` + name + `" denied the request: ` + plugin.Message
	}
	a.Annotations = map[string]string{}
	for key, value := range plugin.Annotations {
		if short, ok := strings.CutPrefix(key, pluginPrefix); ok {
			if r.keptAway && mayBeMissing(short, value) {
				continue
			}
			key = name + "/" + short
		}
		a.Annotations[key] = value
	}
	if r.odd.raw == "" {
		return a
	}
	escape := func(s string) string { return strings.ReplaceAll(s, r.odd.raw, r.odd.shown) }
	a.Message = escape(a.Message)
	a.Warnings = slices.Clone(a.Warnings)
	for i := range a.Warnings {
		a.Warnings[i] = escape(a.Warnings[i])
	}
	for key, value := range a.Annotations {
		a.Annotations[key] = escape(value)
	}
	if r.odd.dropped && len(a.Warnings) == 0 && a.Code < 300 {
		// The namespace warns of what it audits. The API server has dropped the
		// plugin's warning, which is not printable.
		a.Warnings = []string{a.Annotations[name+"/audit-violations"]}
	}
	return a
}

// isRefusal reports whether an answer is a refusal by Pod Security admission.
func isRefusal(a answer) bool {
	switch a.Code {
	case 403:
		return strings.Contains(a.Message, ` is forbidden: violates PodSecurity "`)
	case 422:
		return a.Details != nil && len(a.Details.Causes) > 0 &&
			strings.HasPrefix(a.Details.Causes[0].Field, "metadata.labels["+pluginPrefix)
	}
	return false
}

// mayBeMissing reports whether the plugin writes an annotation before it looks
// at what a pod update changes.
func mayBeMissing(key, value string) bool {
	return key == "exempt" && value != "runtimeClass" || key == "enforce-policy" && value == "privileged:latest"
}

// masked hides what an API server makes up: the end of a generated name.
func masked(r *request, a answer) answer {
	if a.Details != nil {
		details := *a.Details
		a.Details = &details
	}
	if r.generateName == "" {
		return a
	}
	base := r.generateName[:min(len(r.generateName), 58)] // a generated name has at most 63 bytes
	random := regexp.MustCompile(regexp.QuoteMeta(base) + `[a-z0-9]{5}\b`)
	mask := func(s string) string { return random.ReplaceAllString(s, base+"?????") }
	a.Message = mask(a.Message)
	if a.Details != nil {
		a.Details.Name = mask(a.Details.Name)
	}
	a.Warnings = slices.Clone(a.Warnings)
	for i := range a.Warnings {
		a.Warnings[i] = mask(a.Warnings[i])
	}
	a.Annotations = maps.Clone(a.Annotations)
	for key, value := range a.Annotations {
		a.Annotations[key] = mask(value)
	}
	return a
}
