package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/webhook"
	"github.com/gabion-security/gabion/pss"
)

// world has one namespace, and no pods.
type world struct{ labels map[string]string }

func (w world) Labels(context.Context, string) (map[string]string, error) { return w.labels, nil }

func (w world) Known(string) (map[string]string, bool) { return w.labels, true }

func (world) Pods(context.Context, string) ([]admission.ExistingPod, error) { return nil, nil }

// Whatever is sent is answered: by an AdmissionReview with the UID that was
// sent, or by one line and a 400. A panic would be a 500.
func FuzzAdmissionReview(f *testing.F) {
	pod := `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"n"},"spec":{"containers":[{"name":"a","image":"b","securityContext":{"privileged":true}}]}}`
	for _, seed := range []string{
		review("u", "n", pod), review("u", "n", "null"), review("\u00e9\x00\n", "n", pod), `{}`, ``,
		strings.Replace(review("u", "n", pod), `CREATE"`, `UPDATE","oldObject":`+pod, 1),
		strings.Replace(review("u", "n", `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n","labels":{"pod-security.kubernetes.io/enforce":"x"}}}`), `"pods"`, `"namespaces"`, 1),
		strings.Replace(review("u", "n", `{"apiVersion":"apps/v1","kind":"Deployment","spec":{"template":{"spec":{"hostNetwork":true}}}}`), `"pods"`, `"deployments"`, 1),
		review("u", "n", pod)[:200],
	} {
		f.Add([]byte(seed))
	}
	config := admission.DefaultConfig()
	world := world{map[string]string{pss.EnforceLabel: "restricted", pss.WarnLabel: "restricted"}}
	controller, err := admission.New(admission.Options{Config: config, Namespaces: world, Pods: world})
	if err != nil {
		f.Fatal(err)
	}
	h, err := webhook.NewHandler(webhook.HandlerOptions{Decider: controller, Reads: controller.Reads})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/validate", bytes.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		text := w.Body.Bytes()
		switch w.Code {
		case http.StatusOK:
			var asked struct{ Request struct{ UID string } }
			if err := json.Unmarshal(body, &asked); err != nil {
				t.Fatalf("%q was answered: %v", body, err)
			}
			a, err := parse(w.Code, text)
			if err != nil {
				t.Fatal(err)
			}
			if uid := a.Response.UID; uid != asked.Request.UID && uniqueUID(body) {
				t.Errorf("the UID is %q, asked with %q", uid, asked.Request.UID)
			}
			if s := a.Response.Status; !a.Response.Allowed && (s == nil || s.Code < 400 || s.Message == "") {
				t.Errorf("a denial that says nothing: %s", text)
			}
		case http.StatusBadRequest:
			if len(text) < 2 || bytes.IndexByte(text, '\n') != len(text)-1 {
				t.Errorf("not one line: %q", text)
			}
		default:
			t.Errorf("status %d: %s", w.Code, text)
		}
	})
}

// uniqueUID reports whether encoding/json, which ignores the case of keys, must
// find the same UID.
func uniqueUID(body []byte) bool {
	lower := bytes.ToLower(body)
	return bytes.Count(lower, []byte(`"uid"`)) == 1 && bytes.Count(lower, []byte(`"request"`)) == 1 && !bytes.Contains(body, []byte(`\u`))
}
