package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/pss"
)

// anyNamespace is an API server with every namespace, which counts patches.
type anyNamespace struct {
	t       *testing.T
	patches int
	// labels are those of all namespaces, and terminating says that all are being
	// deleted.
	labels      map[string]string
	terminating bool
	// patched is called before a patch is answered.
	patched func()
}

func (s *anyNamespace) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/version" {
		_, _ = io.WriteString(w, `{"major": "1", "minor": "37", "gitVersion": "v1.37.2"}`)
		return
	}
	if r.URL.Path == "/api/v1/namespaces" {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403}`)
		return
	}
	n := corev1.Namespace{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
		ObjectMeta: metav1.ObjectMeta{Name: path.Base(r.URL.Path), UID: "u", ResourceVersion: "7", Labels: maps.Clone(s.labels)},
	}
	if s.terminating {
		n.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)}
	}
	if r.Method == http.MethodPatch {
		s.patches++
		if s.patched != nil {
			s.patched()
		}
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(body, &n)
		}
		if err != nil {
			s.t.Error(err)
		}
	}
	if err := json.NewEncoder(w).Encode(n); err != nil {
		s.t.Error(err)
	}
}

// connected returns a System whose terminal says what is typed. Without a command
// of their own the arguments are joined to some that label shop.
func connected(t *testing.T, api *anyNamespace, typed string, args ...string) (s System, out, err *bytes.Buffer, undo string) {
	t.Helper()
	api.t = t
	undo = filepath.Join(t.TempDir(), "undo.json")
	if len(args) == 0 || !strings.HasPrefix(args[0], "label") {
		args = append([]string{"label", "shop", "--warn=baseline", "--undo-file=" + undo}, args...)
	}
	s, out, err = atTerminal(t, api, typed, args...)
	return s, out, err, undo
}

// atTerminal returns a System that is connected to an API server, and whose
// terminal says what is typed.
func atTerminal(t *testing.T, api http.Handler, typed string, args ...string) (s System, out, err *bytes.Buffer) {
	t.Helper()
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf("{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}],"+
		" clusters: [{name: c, cluster: {server: %q}}], users: [{name: u, user: {}}]}", server.URL)
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, out, err = system(append(args, "--kubeconfig="+kubeconfig)...)
	s.Stdin, s.InTerminal, s.ErrTerminal = strings.NewReader(typed), true, true
	s.Now = func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600)) }
	return s, out, err
}

func TestLabellingAsksOnATerminalAndOnlyYesIsYes(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]struct{ code, patches int }{
		"y\n": {0, 1}, "Yes\n": {0, 1}, " y \n": {0, 1}, "y": {0, 1},
		"n\n": {1, 0}, "\n": {1, 0}, "": {1, 0}, "yesterday\n": {1, 0}, "nope\ny\n": {1, 0},
	} {
		api := &anyNamespace{}
		s, out, stderr, undo := connected(t, api, typed)
		code := Main(s)
		if code != want.code || api.patches != want.patches {
			t.Errorf("%q: exit code %d and %d patches, want %+v: %s", typed, code, api.patches, want, stderr)
		}
		if _, err := os.Stat(undo); (err == nil) != (want.patches > 0) {
			t.Errorf("%q: undo data: %v", typed, err)
		}
		if got := stderr.String(); !regexp.MustCompile(`^Label 1 namespace in http://127\.0\.0\.1:\d+\? \[y/N\] `).MatchString(got) {
			t.Errorf("%q: standard error: %q", typed, got)
		}
		if got := out.String(); !strings.HasPrefix(got, "namespace/shop\n  + pod-security.kubernetes.io/warn=baseline\n") {
			t.Errorf("%q: what is asked for was not shown: %q", typed, got)
		}
	}
}

func TestTheQuestionSaysWhatForceLetsPassAndHowMuchOfWhatWasAskedForItIs(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		now  map[string]string
		args []string
		want string
	}{
		"all of them":   {nil, []string{"--warn=baseline"}, `^Label 3 namespaces in http://127\.0\.0\.1:\d+\? \[y/N\] `},
		"some of them":  {nil, []string{"--warn=baseline", "--skip=news"}, `^Label 2 of 3 namespaces in http://127\.0\.0\.1:\d+\? \[y/N\] `},
		"less in these": {map[string]string{pss.WarnLabel: "baseline"}, []string{"--warn=privileged", "--force", "--skip=news"}, `^Label 2 of 3 namespaces in http://127\.0\.0\.1:\d+, ask for less in 2\? \[y/N\] `},
	} {
		api := &anyNamespace{labels: tt.now}
		s, out, stderr, _ := connected(t, api, "n\n", append([]string{"label", "shop", "blog", "news"}, tt.args...)...)
		if code := Main(s); code != 1 || api.patches > 0 {
			t.Errorf("%s: exit code %d after %d patches", name, code, api.patches)
		}
		if got := stderr.String(); !regexp.MustCompile(tt.want).MatchString(got) {
			t.Errorf("%s: standard error %q does not begin as %s", name, got, tt.want)
		}
		if strings.Contains(out.String(), "not done") || !strings.Contains(stderr.String(), " not done\n") {
			t.Errorf("%s: who says no is to be told so once:\n%s%s", name, out, stderr)
		}
	}
}

func TestANamespaceToLabelMayBeNamedByTheFlag(t *testing.T) {
	t.Parallel()
	api := &anyNamespace{}
	s, out, stderr, _ := connected(t, api, "", "label", "-n", "blog", "--warn=baseline", "--yes", "--undo-file="+filepath.Join(t.TempDir(), "undo.json"))
	if code := Main(s); code != 0 || api.patches != 1 || !strings.Contains(out.String(), "namespace/blog labeled\n") {
		t.Errorf("exit code %d after %d patches: %s%s", code, api.patches, out, stderr)
	}
}

func TestAnInterruptedQuestionIsNotAnsweredYes(t *testing.T) {
	t.Parallel()
	typing, done := io.Pipe()
	defer done.Close() //nolint:errcheck // it only ends the reading
	s, _, stderr := system()
	s.Stdin = typing
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s.ask(ctx, "Really?") {
		t.Error("it was taken for a yes")
	}
	if got := stderr.String(); got != "Really? [y/N] \n" {
		t.Errorf("standard error: %q", got)
	}
}

func TestTheUndoDataAreThereBeforeAnythingIsChanged(t *testing.T) {
	t.Parallel()
	api := &anyNamespace{}
	s, _, stderr, undo := connected(t, api, "y\n")
	var text []byte
	api.patched = func() {
		var err error
		if text, err = os.ReadFile(undo); err != nil {
			t.Errorf("while it is being labelled: %v", err)
		}
	}
	if code := Main(s); code != 0 || api.patches != 1 {
		t.Fatalf("exit code %d after %d patches: %s", code, api.patches, stderr)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if c, ok := got["cluster"].(map[string]any); !ok || c["uid"] != "u" || !strings.HasPrefix(fmt.Sprint(c["address"]), "http://127.0.0.1:") {
		t.Errorf("the undo data are for cluster %v", got["cluster"])
	}
	delete(got, "cluster")
	want := map[string]any{
		"apiVersion": "gabion.io/v1alpha1", "kind": "LabelUndo", "time": "2026-01-02T02:04:05.000000006Z",
		"namespaces": []any{map[string]any{"name": "shop", "uid": "u", "labels": []any{map[string]any{
			"key": "pod-security.kubernetes.io/warn", "before": nil, "after": "baseline", "owners": []any{},
		}}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("undo data (-want +got):\n%s", diff)
	}
}

// failing fails from the fourth write on.
type failing struct{ writes int }

func (f *failing) Write(p []byte) (int, error) {
	if f.writes++; f.writes > 3 {
		return 0, errors.New("nobody reads it")
	}
	return len(p), nil
}

func TestWhoeverCannotBeToldIsNotLeftWithMore(t *testing.T) {
	t.Parallel()
	api := &anyNamespace{}
	s, _, stderr, undo := connected(t, api, "y\n", "blog", "news")
	s.Stdout = &failing{} // when the first one has been labelled
	if code := Main(s); code != 3 || api.patches != 1 {
		t.Errorf("exit code %d after %d patches", code, api.patches)
	}
	for _, want := range []string{"1 labeled, 2 not done\n", "to undo it: gabion label --undo " + undo + "\n", "nobody reads it"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("no word of %q in %s", want, stderr)
		}
	}
}

func TestNothingIsLabelledThatCouldNotBeUndone(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(undo string) error{
		"there is such a file": func(undo string) error { return os.WriteFile(undo, []byte("precious"), 0o600) },
		"there is such a link": func(undo string) error { return os.Symlink(undo+"-nowhere", undo) },
	} {
		api := &anyNamespace{}
		s, _, stderr, undo := connected(t, api, "", "--yes")
		if err := spoil(undo); err != nil {
			t.Fatal(err)
		}
		if code := Main(s); code != 3 || api.patches > 0 {
			t.Errorf("%s: exit code %d after %d patches", name, code, api.patches)
		}
		if got := stderr.String(); !strings.Contains(got, "nothing was labelled, because it could not be undone") || strings.Count(got, "\n") != 1 {
			t.Errorf("%s: standard error: %q", name, got)
		}
	}
}

func TestAFileIsWrittenWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "new")
	if err := writeNew(path, []byte("text")); err != nil {
		t.Fatal(err)
	}
	if err := writeNew(path, []byte("other")); err == nil {
		t.Error("it was written over")
	}
	if err := writeNew(filepath.Join(dir, "none", "new"), nil); err == nil {
		t.Error("it was written to a folder that does not exist")
	}
	text, err := os.ReadFile(path)
	info, statErr := os.Stat(path)
	if err = errors.Join(err, statErr); err != nil || string(text) != "text" || info.Mode().Perm() != 0o600 {
		t.Errorf("%q, %v, %v", text, info.Mode(), err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("something else is left: %v, %v", left, err)
	}
}

func TestUndoDataOfOneSecondAreInFilesOfTheirOwn(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, want := range []string{"gabion-undo-20260102T020405Z.json", "gabion-undo-20260102T020405Z-2.json", "gabion-undo-20260102T020405Z-3.json"} {
		s, _, stderr, _ := connected(t, &anyNamespace{}, "", "label", "shop", "--warn=baseline", "--yes")
		if code := Main(s); code != 0 || !strings.HasSuffix(stderr.String(), "to undo it: gabion label --undo "+want+"\n") {
			t.Errorf("exit code %d: %s; want undo data in %s", code, stderr, want)
		}
		if _, err := os.Stat(want); err != nil {
			t.Error(err)
		}
	}
}

func TestOfAPlanOnlyWhatItProposesIsRead(t *testing.T) {
	t.Parallel()
	const (
		head    = `{"apiVersion": "gabion.io/v1alpha1", "kind": "Plan", "namespaces": [`
		current = `"current": {"enforce": "privileged:latest", "audit": "privileged:latest", "warn": "restricted:v1.30"}, `
		had     = `"currentLabels": {}, `
		enforce = current + had + `"labels": {"pod-security.kubernetes.io/enforce": "baseline"}`
	)
	got, err := decodePlan([]byte(head + `{"name": "a", "more": 1, ` + enforce + `}, {"name": "b", "labels": {}}, {"name": "C"}]}`))
	if err != nil || len(got.Namespaces) != 3 || got.Namespaces[0].policy.Warn.String() != "restricted:v1.30" {
		t.Errorf("got %+v, %v", got, err)
	}
	for name, text := range map[string]string{
		"nothing":           "",
		"YAML":              "kind: Plan",
		"another kind":      `{"apiVersion": "gabion.io/v1alpha1", "kind": "LabelReport", "namespaces": []}`,
		"a later version":   `{"apiVersion": "gabion.io/v2", "kind": "Plan", "namespaces": []}`,
		"no name":           head + `{` + enforce + `}]}`,
		"a path as a name":  head + `{"name": "../nodes/a", ` + enforce + `}]}`,
		"another label":     head + `{"name": "a", ` + current + had + `"labels": {"team": "a"}}]}`,
		"no level":          head + `{"name": "a", ` + current + had + `"labels": {"pod-security.kubernetes.io/enforce": "strict"}}]}`,
		"no labels before":  head + `{"name": "a", ` + current + `"labels": {"pod-security.kubernetes.io/enforce": "baseline"}}]}`,
		"no policy before":  head + `{"name": "a", ` + had + `"labels": {"pod-security.kubernetes.io/enforce": "baseline"}}]}`,
		"a policy of sorts": head + `{"name": "a", ` + strings.Replace(enforce, "restricted:v1.30", "restricted", 1) + `}]}`,
		"a name twice":      head + `{"name": "a", ` + enforce + `}, {"name": "a", ` + enforce + `}]}`,
	} {
		if got, err := decodePlan([]byte(text)); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %+v, %v, want an error of one line", name, got, err)
		}
	}
}
