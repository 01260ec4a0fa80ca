package cluster_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/internal/cluster"
)

// TestOnlyThePluginsOwnAnswerSaysThatItIsOn, and only a namespace that would be stored as
// it was asked for, or Gabion's own refusal, that it is off.
func TestOnlyThePluginsOwnAnswerSaysThatItIsOn(t *testing.T) {
	t.Parallel()
	const (
		label  = `metadata.labels[pod-security.kubernetes.io/enforce]`
		words  = `Invalid value: \"is-the-plugin-on\": must be one of privileged, baseline, restricted`
		causes = `[{"reason":"FieldValueInvalid","message":"` + words + `","field":"` + label + `"}]`
		said   = `Namespace \"n\" is invalid: ` + label + `: ` + words
	)
	refusal := func(code int, reason, message, causes string) string {
		return fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","code":%d,"reason":"%s","message":"%s","details":{"name":"n","kind":"Namespace","causes":%s}}`, code, reason, message, causes)
	}
	namespace := func(labels string) string {
		return `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"n","labels":{` + labels + `}}}`
	}
	for _, c := range []struct {
		name, answer string
		code         int
		want         cluster.Plugin
	}{
		{"the plugin", refusal(422, "Invalid", said, causes), 422, cluster.PluginOn},
		{"the plugin, of two labels", refusal(422, "Invalid", `Namespace \"n\" is invalid: [`+label+`: `+words+`, metadata.labels[pod-security.kubernetes.io/warn]: Invalid value: \"x\": y]`, causes), 422, cluster.PluginOn},
		{"it would be stored", namespace(`"pod-security.kubernetes.io/enforce":"is-the-plugin-on"`), 200, cluster.PluginOff},
		{"Gabion's webhook", refusal(422, "Invalid", `admission webhook \"namespaces.pod-security.gabion.io\" denied the request: `+said, causes), 422, cluster.PluginOff},
		{"a webhook takes the label away", namespace(`"a":"b"`), 200, cluster.PluginUnknown},
		{"a webhook changes the label", namespace(`"pod-security.kubernetes.io/enforce":"baseline"`), 200, cluster.PluginUnknown},
		{"no namespace", `[]`, 200, cluster.PluginUnknown},
		{"another webhook, in the same words", refusal(422, "Invalid", `admission webhook \"labels.example.com\" denied the request: `+said, causes), 422, cluster.PluginUnknown},
		{"another webhook forbids it", refusal(403, "Forbidden", `admission webhook \"labels.example.com\" denied the request: no`, "[]"), 403, cluster.PluginUnknown},
		{
			"an admission policy", refusal(422, "Invalid", `namespaces \"n\" is forbidden: ValidatingAdmissionPolicy 'levels' with binding 'levels' denied request: must be one of privileged, baseline, restricted`,
				`[{"message":"must be one of privileged, baseline, restricted"}]`), 422, cluster.PluginUnknown,
		},
		{"an admission policy in the same words", refusal(422, "Invalid", `namespaces \"n\" is forbidden: ValidatingAdmissionPolicy 'levels' with binding 'levels' denied request: `+said, `[]`), 422, cluster.PluginUnknown},
		{"another label is invalid", refusal(422, "Invalid", `Namespace \"n\" is invalid: metadata.labels: Invalid value: \"x\": a label`, `[{"reason":"FieldValueInvalid","message":"Invalid value: \"x\": a label","field":"metadata.labels"}]`), 422, cluster.PluginUnknown},
		{"who may not patch it", refusal(403, "Forbidden", `namespaces \"n\" is forbidden: User \"u\" cannot patch resource`, "[]"), 403, cluster.PluginUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodPatch || r.URL.Path != "/api/v1/namespaces/n" || r.URL.Query().Get("dryRun") != "All" {
					t.Errorf("it asked for %s %s", r.Method, r.URL)
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(c.code)
				_, _ = io.WriteString(w, c.answer)
			}))
			defer server.Close()
			asker, err := cluster.NewAsker(&rest.Config{Host: server.URL})
			if err != nil {
				t.Fatal(err)
			}
			if got, err := asker.Plugin(t.Context(), "n"); err != nil || got != c.want {
				t.Errorf("got %s (%v), want %s", got, err, c.want)
			}
		})
	}
}
