package webhook_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/internal/webhook"
)

// The handler beside one that reads the body and answers a constant; both
// without TLS, which is the same for both.
func BenchmarkHandler(b *testing.B) {
	body := review("705ab4f5-6393-11e8-b7cc-42010a800002", "web", `{"x":"`+strings.Repeat("x", 1000)+`"}`)
	h, err := webhook.NewHandler(webhook.HandlerOptions{Decider: decider(allowAll)})
	if err != nil {
		b.Fatal(err)
	}
	constant := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		_, _ = io.WriteString(w, `{"kind":"AdmissionReview"}`)
	})
	for name, handler := range map[string]http.Handler{"webhook": h, "constant": constant} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				req := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/validate?timeout=5s", strings.NewReader(body))
				req.Header.Set("Content-Type", "application/json")
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, req)
				if w.Code != http.StatusOK {
					b.Fatal(w.Body)
				}
			}
		})
	}
}
