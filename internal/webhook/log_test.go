package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/webhook"
)

// jsonLog returns a log in JSON without times.
func jsonLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
}

func TestOneLineADenial(t *testing.T) {
	t.Parallel()
	about := `"namespace":"shop","name":"web\nx","user":"ann","operation":"CREATE","resource":"pods","uid":"u"`
	for name, c := range map[string]struct {
		decision admission.Decision
		want     string
	}{
		"an allowed request is not worth a line": {
			admission.Decision{Allowed: true, Warnings: []string{"w"}, Annotations: []admission.Annotation{{Key: "audit-violations", Value: "v"}}}, "",
		},
		"a denial": {
			admission.Decision{Code: 403, Reason: "Forbidden", Message: "m\n{\"level\":\"INFO\"}", Annotations: []admission.Annotation{{Key: "enforce-policy", Value: "baseline:v1.30"}}},
			`{"level":"INFO","msg":"denied",` + about + `,"policy":"baseline:v1.30","code":403,"reason":"Forbidden","message":"m\n{\"level\":\"INFO\"}"}`,
		},
		"a request that passes by exceptions": {
			admission.Decision{Allowed: true, Annotations: []admission.Annotation{{Key: "enforce-policy", Value: "baseline:latest"}, {Key: "exceptions", Value: `"e": privileged`}}},
			`{"level":"INFO","msg":"excepted",` + about + `,"policy":"baseline:latest","exceptions":"\"e\": privileged"}`,
		},
		"a denial in spite of exceptions": {
			admission.Decision{Code: 403, Reason: "Forbidden", Message: "m", Annotations: []admission.Annotation{{Key: "exceptions", Value: `"e": privileged`}}},
			`{"level":"INFO","msg":"denied",` + about + `,"exceptions":"\"e\": privileged","code":403,"reason":"Forbidden","message":"m"}`,
		},
		"a denial because of a fault": {
			admission.Decision{Code: 500, Reason: "InternalError", Message: "m", Err: errors.New("no\nluck")},
			`{"level":"WARN","msg":"denied",` + about + `,"code":500,"reason":"InternalError","message":"m","error":"no\nluck"}`,
		},
		"a request that was allowed in spite of a fault": {
			admission.Decision{Allowed: true, Err: errors.New("no luck")},
			`{"level":"WARN","msg":"not judged",` + about + `,"error":"no luck"}`,
		},
	} {
		var log lockedBuffer
		r := serve(t, webhook.HandlerOptions{
			Log:     jsonLog(&log),
			Decider: decider(func(context.Context, admission.Request) admission.Decision { return c.decision }),
		}, webhook.ServerOptions{})
		if _, err := ask(t.Context(), r.client(t, false), r.url, review("u", "web\nx", "{}")); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, strings.TrimSuffix(log.String(), "\n")); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestWhatCallersSayIsCutInTheLog(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	long := strings.Repeat("é", 100_000)
	r := serve(t, webhook.HandlerOptions{
		Log: jsonLog(&log),
		Decider: decider(func(context.Context, admission.Request) admission.Decision {
			return admission.Decision{Code: 403, Message: long, Err: errors.New(long)}
		}),
	}, webhook.ServerOptions{})
	body := strings.Replace(review(long, long, "{}"), `"dryRun":false`, "", 1)
	body = strings.Replace(body, `"operation"`, `"dryRun":true,"requestSubResource":"resize","operation"`, 1)
	if _, err := ask(t.Context(), r.client(t, false), r.url, body); err != nil {
		t.Fatal(err)
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(log.String()), &line); err != nil {
		t.Fatalf("not one line: %v: %s", err, log.String())
	}
	if n := len(log.String()); n > 8000 {
		t.Errorf("the line has %d bytes", n)
	}
	if want := strings.Repeat("é", 128) + "…"; line["name"] != want || line["uid"] != want {
		t.Errorf("cut to %q and %q", line["name"], line["uid"])
	}
	if fmt.Sprint(line["dryRun"]) != "true" || line["resource"] != "pods/resize" {
		t.Errorf("the line says %v", line)
	}
}
