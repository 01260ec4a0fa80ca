package parity_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// denial is how the plugin, or Gabion, denies a pod.
func denial(messagePrefix, annotationPrefix string) answer {
	return answer{
		Code: 403, Reason: metav1.StatusReasonForbidden,
		Message:  messagePrefix + `pods "p-abcde" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID=true)`,
		Details:  &metav1.StatusDetails{Kind: "pods", Name: "p-abcde", Causes: []metav1.StatusCause{{Type: "T", Message: "m", Field: "f"}}},
		Warnings: []string{"first", "second"},
		Annotations: map[string]string{
			"authorization.k8s.io/decision": "allow", annotationPrefix + "enforce-policy": "baseline:latest", annotationPrefix + "audit-violations": "v",
		},
	}
}

// copyOf copies an answer with all that tests change.
func copyOf(a answer) answer {
	details := *a.Details
	details.Causes = slices.Clone(details.Causes)
	a.Details, a.Warnings, a.Annotations = &details, slices.Clone(a.Warnings), maps.Clone(a.Annotations)
	return a
}

const (
	throughWebhook = `admission webhook "enforce.pod-security.gabion.io" denied the request: `
	webhookPrefix  = "enforce.pod-security.gabion.io/"
)

func TestEqualAnswersAreFoundEqual(t *testing.T) {
	t.Parallel()
	r := &request{resource: "pods"}
	if diff := difference(r, denial("", pluginPrefix), denial(throughWebhook, webhookPrefix)); diff != "" {
		t.Error(diff)
	}
}

func TestWhateverDiffersIsReported(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*answer)
	}{
		{"the code", func(a *answer) { a.Code = 422 }},
		{"the reason", func(a *answer) { a.Reason = "Invalid" }},
		{"the message", func(a *answer) { a.Message += " " }},
		{"a message that is not the webhook's", func(a *answer) { a.Message = strings.TrimPrefix(a.Message, throughWebhook) }},
		{"a message of another webhook", func(a *answer) { a.Message = strings.Replace(a.Message, "enforce.", "advisory.", 1) }},
		{"no details", func(a *answer) { a.Details = nil }},
		{"the name in the details", func(a *answer) { a.Details.Name = "q" }},
		{"the kind in the details", func(a *answer) { a.Details.Kind = "Pod" }},
		{"a cause", func(a *answer) { a.Details.Causes[0].Message = "n" }},
		{"one cause more", func(a *answer) { a.Details.Causes = append(a.Details.Causes, metav1.StatusCause{}) }},
		{"a warning", func(a *answer) { a.Warnings[1] = "Second" }},
		{"the order of warnings", func(a *answer) { slices.Reverse(a.Warnings) }},
		{"a warning less", func(a *answer) { a.Warnings = a.Warnings[:1] }},
		{"a warning more", func(a *answer) { a.Warnings = append(a.Warnings, "third") }},
		{"an annotation", func(a *answer) { a.Annotations[webhookPrefix+"audit-violations"] = "w" }},
		{"an annotation less", func(a *answer) { delete(a.Annotations, webhookPrefix+"enforce-policy") }},
		{"an annotation more", func(a *answer) { a.Annotations[webhookPrefix+"error"] = "e" }},
		{"an annotation of the plugin's", func(a *answer) { a.Annotations[pluginPrefix+"enforce-policy"] = "baseline:latest" }},
		{"an annotation of another webhook", func(a *answer) {
			delete(a.Annotations, webhookPrefix+"enforce-policy")
			a.Annotations["advisory.pod-security.gabion.io/enforce-policy"] = "baseline:latest"
		}},
		{"an annotation of the API server's own", func(a *answer) {
			a.Annotations["failed-open.validating.webhook.admission.k8s.io/round_0_index_0"] = "enforce.pod-security.gabion.io"
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			changed := copyOf(denial(throughWebhook, webhookPrefix))
			tt.change(&changed)
			for _, r := range []*request{
				{resource: "pods"}, {resource: "pods", generateName: "p-"}, {resource: "pods", keptAway: true}, {resource: "pods", odd: quoted},
			} {
				if difference(r, denial("", pluginPrefix), changed) == "" {
					t.Errorf("not reported for a request %+v", r)
				}
			}
		})
	}
}

func TestOnlyTheEndOfAGeneratedNameMayDiffer(t *testing.T) {
	t.Parallel()
	renamed := func(name string) answer {
		a := copyOf(denial(throughWebhook, webhookPrefix))
		a.Message = strings.Replace(a.Message, "p-abcde", name, 1)
		a.Details.Name = name
		return a
	}
	for name, want := range map[string]bool{"p-fghij": true, "p-fghi": false, "q-fghij": false} {
		r := &request{resource: "pods", generateName: "p-"}
		if got := difference(r, denial("", pluginPrefix), renamed(name)) == ""; got != want {
			t.Errorf("%s: equal: %t, want %t", name, got, want)
		}
	}
	if difference(&request{resource: "pods"}, denial("", pluginPrefix), renamed("p-fghij")) == "" {
		t.Error("another name is not reported, although no name was generated")
	}
}

func TestOnlyAnUpdateThatIsKeptAwayMayLackAnnotations(t *testing.T) {
	t.Parallel()
	allowed := func(annotations ...string) answer {
		a := answer{Code: 200, Annotations: map[string]string{}}
		for i := 0; i < len(annotations); i += 2 {
			a.Annotations[annotations[i]] = annotations[i+1]
		}
		return a
	}
	for _, tt := range []struct {
		name     string
		keptAway bool
		plugin   answer
		want     bool // that Gabion may have no annotation
	}{
		{"an exempt user", true, allowed(pluginPrefix+"exempt", "user"), true},
		{"an exempt namespace", true, allowed(pluginPrefix+"exempt", "namespace"), true},
		{"a privileged namespace", true, allowed(pluginPrefix+"enforce-policy", "privileged:latest"), true},
		{"an exempt runtime class", true, allowed(pluginPrefix+"exempt", "runtimeClass"), false},
		{"a policy", true, allowed(pluginPrefix+"enforce-policy", "baseline:latest"), false},
		{"an update that is judged", false, allowed(pluginPrefix+"exempt", "user"), false},
	} {
		r := &request{resource: "pods", keptAway: tt.keptAway}
		if got := difference(r, tt.plugin, allowed()) == ""; got != tt.want {
			t.Errorf("%s: equal: %t, want %t", tt.name, got, tt.want)
		}
	}
	r := &request{resource: "pods", keptAway: true}
	if difference(r, allowed(pluginPrefix+"exempt", "user"), allowed(webhookPrefix+"exempt", "user")) == "" {
		t.Error("Gabion was asked about an update that is to be kept away, and it is not reported")
	}
}

func TestOddTextsHaveToBeEscaped(t *testing.T) {
	t.Parallel()
	warned := func(prefix, text string, warnings ...string) answer {
		return answer{Code: 201, Warnings: warnings, Annotations: map[string]string{prefix + "audit-violations": text}}
	}
	for _, tt := range []struct {
		name           string
		odd            odd
		plugin, gabion answer
		want           bool
	}{
		{"escaped", quoted, warned(pluginPrefix, `x a"b\c`, `x a"b\c`), warned(webhookPrefix, `x a\"b\\c`, `x a\"b\\c`), true},
		{"as it is", quoted, warned(pluginPrefix, `x a"b\c`, `x a"b\c`), warned(webhookPrefix, `x a"b\c`, `x a"b\c`), false},
		{"a dropped warning", control, warned(pluginPrefix, "a\nb\x1b[31m"), warned(webhookPrefix, `a\nb\x1b[31m`, `a\nb\x1b[31m`), true},
		{"a warning that Gabion lost too", control, warned(pluginPrefix, "a\nb\x1b[31m"), warned(webhookPrefix, `a\nb\x1b[31m`), false},
	} {
		r := &request{resource: "pods", odd: tt.odd}
		if got := difference(r, tt.plugin, tt.gabion) == ""; got != tt.want {
			t.Errorf("%s: equal: %t, want %t", tt.name, got, tt.want)
		}
	}
}

func TestASequenceThatNeverLedToSomethingIsReported(t *testing.T) {
	t.Parallel()
	c := tally{}
	for _, class := range classes {
		c[class] = 1
	}
	if missing := c.missing(nil); len(missing) > 0 {
		t.Errorf("%q are missing", missing)
	}
	delete(c, "sweep")
	if missing := c.missing(nil); !slices.Equal(missing, []string{"sweep"}) {
		t.Errorf("%q are missing, want the sweep", missing)
	}
}
