package cli

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/gabion-security/gabion/internal/cluster"
)

// parsedSource returns the options of a source with these flags.
func parsedSource(t *testing.T, args ...string) *sourceOptions {
	t.Helper()
	s, _, _ := system()
	s.Getenv = func(string) string { return "" }
	o := &sourceOptions{input: inputOptions{system: &s}}
	cmd := &cobra.Command{}
	o.flags(cmd)
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	if err := o.complete(cmd.Flags().Args()); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestAnInterruptedListSaysWhereAndThatNothingWasDone(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/version":
			_, _ = w.Write([]byte(`{"major":"1","minor":"37","gitVersion":"v1.37.2"}`))
		case "/api/v1/namespaces/kube-system":
			_, _ = w.Write([]byte(`{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-system","uid":"u"}}`))
		case "/api/v1/namespaces":
			_, _ = w.Write([]byte(`{"kind":"NamespaceList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}`))
		default: // never answers
			cancel()
			<-r.Context().Done()
		}
	}))
	t.Cleanup(server.Close)
	_, err := parsedSource(t, "--api-server="+server.URL).load(ctx)
	want := "interrupted while the cluster was being listed, after some or all of namespaces: nothing was done"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestNobodyIsShownThePasswordOfAnAddress(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	secret := strings.Replace(server.URL, "http://", "http://bob:hunter2@", 1)
	for _, args := range [][]string{
		{"plan"}, {"preview", "shop", "--enforce=baseline"}, {"preview", "shop", "--enforce=baseline", "--server"}, {"snapshot", "-o", "-"},
		{"upgrade"}, {"who-can", "weaken"}, {"label", "shop", "--enforce=baseline", "--yes"}, {"unregister"}, {"uninstall"},
	} {
		s, out, stderr := system(append(args, "--api-server="+secret)...)
		if code := Main(s); code == 2 {
			t.Errorf("%q: %s", args, stderr)
		}
		if text := out.String() + stderr.String(); strings.Contains(text, "hunter2") {
			t.Errorf("%q says %s", args, text)
		}
	}
}

func TestANamespaceByFlagMeansOneThingWithFilesAndAnotherWithACluster(t *testing.T) {
	t.Parallel()
	if o := parsedSource(t); !o.live() || len(o.namespaces) > 0 {
		t.Errorf("without flags: live %t, namespaces %q, want all of a live cluster", o.live(), o.namespaces)
	}
	if o := parsedSource(t, "-n", "shop"); !o.live() || strings.Join(o.namespaces, " ") != "shop" {
		t.Errorf("with -n: live %t, namespaces %q, want shop alone", o.live(), o.namespaces)
	}
	if o := parsedSource(t, "-n", "shop", "-f", "x"); o.live() || len(o.namespaces) > 0 || o.input.namespace != "shop" {
		t.Errorf("with -n and -f: live %t, namespaces %q, namespace of objects %q", o.live(), o.namespaces, o.input.namespace)
	}
	if o := parsedSource(t, "-n", "shop", "--from=x"); o.live() || strings.Join(o.namespaces, " ") != "shop" {
		t.Errorf("with -n and --from: live %t, namespaces %q, want shop alone", o.live(), o.namespaces)
	}
}

func TestALongListShowsHowFarItIs(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	var screen strings.Builder
	c := &console{w: &screen, bar: &bar{now: func() time.Time { return now }, width: 80}}
	c.list(cluster.Progress{Resource: "pods", Done: 500, Total: 10000})
	if screen.Len() > 0 {
		t.Errorf("a list that has just begun shows %q", screen.String())
	}
	now = now.Add(10 * time.Second)
	c.list(cluster.Progress{Resource: "pods", Done: 2500, Total: 10000})
	if got := screen.String(); !strings.Contains(got, "[#######-") || !strings.Contains(got, "25%  pods: 2500 of 10000, 30s left") {
		t.Errorf("got %q", got)
	}
}

func TestAFileThatIsReadShowsHowLongTheRestTakes(t *testing.T) {
	t.Parallel()
	start := time.Unix(0, 0)
	for want, b := range map[string]*bar{
		" 25%  7 objects, 30s left":      {done: 25, total: 100, objects: 7, start: start, last: start.Add(10 * time.Second)},
		" 50%  10 of 20 MB, 4s left":     {done: 10 << 20, total: 20 << 20, start: start, last: start.Add(4 * time.Second)},
		"100%  7 objects":                {done: 100, total: 100, objects: 7, start: start, last: start.Add(10 * time.Second)},
		" 25%  pods: 25 of 100, 3s left": {done: 25, total: 100, listed: "pods", start: start, last: start.Add(time.Second)},
	} {
		if got := b.text(); !strings.HasSuffix(got, "] "+want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAListOfWhichNothingIsHeardIsShownToBeWaitedFor(t *testing.T) {
	t.Parallel()
	var screen syncBuffer
	asked := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	ctx, cancel := context.WithCancel(t.Context())
	o := parsedSource(t, "--api-server="+server.URL)
	o.input.system.Stderr, o.input.system.ErrTerminal, o.input.system.ErrWidth = &screen, true, 80
	done := make(chan error, 1)
	go func() {
		_, err := o.load(ctx)
		done <- err
	}()
	<-asked
	for !strings.Contains(screen.String(), "version: waiting for the API server, 1s") {
		select {
		case <-t.Context().Done():
			t.Fatalf("got %q", screen.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	cancel()
	if err := <-done; err == nil {
		t.Error("it was not interrupted")
	}
	if got := screen.String(); !strings.HasSuffix(got, "\r\x1b[K") {
		t.Errorf("the bar stays: %q", got)
	}
}

// syncBuffer is a buffer that one may read while another writes.
type syncBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
