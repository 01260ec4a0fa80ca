package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/logging"
	"github.com/gabion-security/gabion/internal/webhook"
	"github.com/gabion-security/gabion/workload"
)

// restrictedEverywhere is a cluster whose namespaces all enforce restricted.
type restrictedEverywhere struct{}

func (e restrictedEverywhere) Labels(_ context.Context, name string) (map[string]string, error) {
	labels, _ := e.Known(name)
	return labels, nil
}

func (restrictedEverywhere) Known(string) (map[string]string, bool) {
	return map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}, true
}

func (restrictedEverywhere) Pods(context.Context, string) ([]admission.ExistingPod, error) {
	return nil, nil
}

// BenchmarkHandler tells what a review costs gabion serve beyond HTTP and TLS, and
// what of that is reading the review and the pod in it.
func BenchmarkHandler(b *testing.B) {
	log, err := os.Create(filepath.Join(b.TempDir(), "log"))
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close() //nolint:errcheck // nobody reads it
	lines := logging.NewLines(log)
	defer lines.Flush()
	decider, err := admission.New(admission.Options{
		Config: admission.DefaultConfig(), Namespaces: restrictedEverywhere{}, Pods: restrictedEverywhere{},
	})
	if err != nil {
		b.Fatal(err)
	}
	handler, err := webhook.NewHandler(webhook.HandlerOptions{Decider: decider, Reads: decider.Reads, Log: slog.New(logging.NewJSON(lines, slog.LevelInfo))})
	if err != nil {
		b.Fatal(err)
	}
	_, g, err := sides()
	if err != nil {
		b.Fatal(err)
	}
	for _, k := range kinds() {
		if !k.usual() {
			continue
		}
		body, err := reviewOfSize(k.size, k.allowed)
		if err != nil {
			b.Fatal(err)
		}
		var parsed struct {
			Request struct{ Object json.RawMessage }
		}
		if err := json.Unmarshal(body, &parsed); err != nil {
			b.Fatal(err)
		}
		b.Run(k.review()+"/all", func(b *testing.B) {
			for b.Loop() {
				r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/validate", bytes.NewReader(body))
				r.Header.Set("Content-Type", "application/json")
				w := httptest.NewRecorder()
				if handler.ServeHTTP(w, r); w.Code != http.StatusOK {
					b.Fatal(w.Body)
				}
			}
		})
		b.Run(k.review()+"/review", func(b *testing.B) {
			for b.Loop() {
				if _, err := workload.ReadReview(body, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(k.review()+"/pod", func(b *testing.B) {
			for b.Loop() {
				if item := g.reader.ReadObject(parsed.Request.Object); item.Outcome != workload.Read {
					b.Fatal(item.Err)
				}
			}
		})
		b.Run(k.review()+"/scan", func(b *testing.B) {
			for b.Loop() {
				structuralScan(body)
			}
		})
	}
}
