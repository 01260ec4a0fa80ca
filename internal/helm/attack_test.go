package helm

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gabion-security/gabion/internal/limit"
)

// Each of these is what a stranger could put into a pull request. Each fails if
// what it is about is taken out of the guard.

const secret = "the secret of somebody else"

// outside writes a file that no chart may read.
func outside(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret.yaml")
	if err := os.WriteFile(path, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLinksOutOfTheChartAreNotFollowed(t *testing.T) {
	t.Parallel()
	for name, link := range map[string]func(chart, secret string) (at, to string){
		"a file":                    func(_, s string) (string, string) { return "templates/a.yaml", s },
		"a file that .Files reads":  func(_, s string) (string, string) { return "files/a.txt", s },
		"a directory":               func(_, s string) (string, string) { return "charts/sub", filepath.Dir(s) },
		"Chart.yaml itself":         func(_, s string) (string, string) { return "Chart.yaml", s },
		"the values":                func(_, s string) (string, string) { return "values.yaml", s },
		"what is ignored":           func(_, s string) (string, string) { return ".helmignore", s },
		"a relative way out":        func(_, _ string) (string, string) { return "templates/a.yaml", "../../other/secret.yaml" },
		"a way out through a link":  func(_, _ string) (string, string) { return "templates/up", "../.." },
		"a link in a link that was": func(_, _ string) (string, string) { return "templates/a.yaml", "../../../../../../../etc/hostname" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := write(t, map[string]string{"templates/b.yaml": `b: {{ .Files.Get "files/a.txt" }}`})
			if err := os.Mkdir(filepath.Join(dir, "../other"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "../other/secret.yaml"), []byte(secret), 0o600); err != nil {
				t.Fatal(err)
			}
			at, to := link(dir, outside(t))
			at = filepath.Join(dir, at)
			if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
				t.Fatal(err)
			}
			_ = os.Remove(at) // only one of them is there
			if err := os.Symlink(to, at); err != nil {
				t.Fatal(err)
			}
			texts, err := Render(dir, dir, options())
			if want := at + ": it is a link that leads out of the directory that was given, so it is not followed"; shown(err) != want {
				t.Errorf("got  %s\nwant %s", shown(err), want)
			}
			for _, text := range texts {
				if strings.Contains(string(text.Rendered), secret) {
					t.Errorf("the secret is read: %s", text.Rendered)
				}
			}
		})
	}
}

func TestLinksWithinWhatWasGivenAreFollowed(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"templates/a.yaml": "a: 1\n"})
	root := filepath.Dir(dir)
	if err := os.Mkdir(filepath.Join(root, "shared"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "shared/b.yaml"), []byte("b: 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../shared", filepath.Join(dir, "templates/shared")); err != nil {
		t.Fatal(err)
	}
	texts, err := Render(dir, root, options())
	if err != nil || len(texts) != 2 || string(texts[1].Rendered) != "b: 2\n" {
		t.Errorf("got %v, %v", texts, err)
	}
	if _, err := Render(dir, dir, options()); err == nil {
		t.Error("the link is followed where only the chart was given")
	}
}

func TestLinksInACircleAreNoEndlessWalk(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"templates/a.yaml": "a: 1\n"})
	if err := os.Symlink("../templates", filepath.Join(dir, "templates/again")); err != nil {
		t.Fatal(err)
	}
	if _, err := Render(dir, dir, options()); err == nil || !strings.Contains(shown(err), "too many levels of symbolic links") {
		t.Errorf("got %s", shown(err))
	}
}

// pack makes a package.
func pack(t *testing.T, add func(w *tar.Writer)) string {
	t.Helper()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	w := tar.NewWriter(zip)
	entry(t, w, "web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n")
	add(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "web-1.0.0.tgz")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func entry(t *testing.T, w *tar.Writer, name, text string) {
	t.Helper()
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(text))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

func TestAPackageIsRendered(t *testing.T) {
	t.Parallel()
	path := pack(t, func(w *tar.Writer) { entry(t, w, "web/templates/a.yaml", "x: {{ .Chart.Name }}\n") })
	texts, err := Render(path, "", options())
	if err != nil || len(texts) != 1 || string(texts[0].Rendered) != "x: web\n" || texts[0].Path != path+"/templates/a.yaml" {
		t.Fatalf("got %+v, %v", texts, err)
	}
	if line, _ := texts[0].Origin(1, 1); line != 1 {
		t.Errorf("line %d", line)
	}
}

func TestPackagesDoNotLeadOutOfThemselves(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"web/../../evil.yaml": "the package cannot be read: chart illegally references parent directory",
		"web//etc/evil.yaml":  "the package cannot be read: chart illegally contains absolute paths",
		"web/c:/evil.yaml":    "the package cannot be read: chart contains illegally named files",
	} {
		path := pack(t, func(w *tar.Writer) { entry(t, w, name, "x: 1\n") })
		if _, err := Render(path, "", options()); shown(err) != path+": "+want {
			t.Errorf("%s: got %s", name, shown(err))
		}
	}
	path := pack(t, func(w *tar.Writer) {
		if err := w.WriteHeader(&tar.Header{Name: "web/files/a", Typeflag: tar.TypeSymlink, Linkname: outside(t)}); err != nil {
			t.Fatal(err)
		}
		entry(t, w, "web/templates/a.yaml", `x: {{ .Files.Get "files/a" | quote }}`)
	})
	texts, err := Render(path, "", options())
	if err != nil || len(texts) != 1 || string(texts[0].Rendered) != `x: ""` {
		t.Errorf("a link in a package: %+v, %v", texts, err)
	}
}

func TestABombInAPackageIsRefused(t *testing.T) {
	t.Parallel()
	path := pack(t, func(w *tar.Writer) {
		if err := w.WriteHeader(&tar.Header{Name: "web/files/zero", Mode: 0o600, Size: maxChart + 1}); err != nil {
			t.Fatal(err)
		}
		zero := make([]byte, 1<<20)
		for range maxChart / len(zero) {
			if _, err := w.Write(zero); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.Write([]byte{0}); err != nil {
			t.Fatal(err)
		}
	})
	if _, err := Render(path, "", options()); err == nil || !strings.Contains(err.Error(), "larger than the maximum size") {
		t.Errorf("got %v", err)
	}
}

func TestAHugeFileInAChartIsRefused(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"templates/a.yaml": "a: 1\n"})
	if err := os.Truncate(filepath.Join(dir, "templates/a.yaml"), maxChart+1); err != nil {
		t.Fatal(err)
	}
	if _, err := Render(dir, dir, options()); err == nil || !strings.Contains(err.Error(), "the chart is larger than 100 MiB") {
		t.Errorf("got %v", err)
	}
}

func TestASchemaReadsAndFetchesNothing(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = w.Write([]byte("{}"))
	}))
	defer server.Close()
	file := outside(t)
	if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{server.URL + "/s.json", "file://" + file, "urn:some:thing"} {
		_, err := rendered(t, map[string]string{
			"values.schema.json": `{"$ref": "` + ref + `"}`, "templates/a.yaml": "a: 1\n",
		}, options())
		if err == nil || !strings.Contains(err.Error(), "it refers to "+ref+", and nothing outside the schema is read here") {
			t.Errorf("%s: got %v", ref, err)
		}
	}
	if asked.Load() > 0 {
		t.Error("the schema was fetched")
	}
}

func TestTemplatesLearnNothingOfTheMachine(t *testing.T) {
	t.Setenv("GABION_SECRET", secret)
	got, err := rendered(t, map[string]string{
		"templates/a.yaml": `{{ lookup "v1" "Secret" "n" "x" | toJson }} [{{ getHostByName "localhost" }}] [{{ .Files.Get "../../etc/hostname" }}]` +
			` [{{ .Files.Get "/etc/hostname" }}] {{ len (.Files.Glob "../**").AsConfig }}`,
	}, options())
	if want := "{} [] [] [] 2"; err != nil || got["templates/a.yaml"] != want {
		t.Errorf("got %q, %v; want %s", got, err, want)
	}
	for _, call := range []string{`env "GABION_SECRET"`, `expandenv "$GABION_SECRET"`} {
		_, err := rendered(t, map[string]string{"templates/a.yaml": "{{ " + call + " }}"}, options())
		if err == nil || !strings.Contains(err.Error(), "not defined") {
			t.Errorf("%s: got %v", call, err)
		}
	}
}

func TestTemplatesCannotAskForMuchAtOnce(t *testing.T) {
	t.Parallel()
	for _, call := range []string{
		`until 1000000000`, `until -1000000000`, `untilStep 0 1000000000 1`, `seq 1000000000`, `seq 0 1000000000`, `seq 0 2 10000000000`,
		`repeat 1000000000 "x"`, `repeat 9223372036854775807 "xx"`, `indent 1000000000 "x"`, `nindent 1000000000 "x"`,
		`indent 9223372036854775807 "x\ny"`, `randAlphaNum 1000000000`, `randBytes 1000000000`,
	} {
		_, err := rendered(t, map[string]string{"templates/a.yaml": "{{ " + call + " }}"}, options())
		if err == nil || !strings.Contains(err.Error(), "it asks for more than ") {
			t.Errorf("%s: got %v", call, err)
		}
	}
	got, err := rendered(t, map[string]string{"templates/a.yaml": `{{ until 3 }} {{ until -2 }} {{ untilStep 1 7 3 }} {{ seq 3 }} {{ seq 2 0 }} {{ seq 1 2 6 }}` +
		`{{ seq 5 1 2 }} {{ repeat 2 "ab" }} {{ indent 2 "a\nb" }}{{ nindent 1 "c" }}`}, options())
	if want := "[0 1 2] [0 -1] [1 4] 1 2 3 2 1 0 1 3 5 abab   a\n  b\n c"; err != nil || got["templates/a.yaml"] != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func TestTemplatesThatDoNotEndAreGivenUp(t *testing.T) {
	t.Parallel()
	o := options()
	o.Limits = limit.Limits{Time: 50 * time.Millisecond, Memory: 1 << 40}
	// What it calls stops it in the end, so that it does not outlive the test.
	_, err := rendered(t, map[string]string{"templates/a.yaml": `{{ range 1000000000 }}{{ repeat 1 "" }}{{ end }}`}, o)
	if !limit.Exceeded(err) || err.Error() != "it was given up: it takes more than 50ms" {
		t.Errorf("got %v", err)
	}
}

func TestTemplatesThatIncludeThemselvesAreStopped(t *testing.T) {
	t.Parallel()
	_, err := rendered(t, map[string]string{"templates/a.yaml": `{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}`}, options())
	if err == nil || !strings.Contains(err.Error(), "nested reference name") {
		t.Errorf("got %v", err)
	}
}

func TestRandomThingsAreTheSameInEveryRun(t *testing.T) {
	t.Parallel()
	files := map[string]string{"templates/a.yaml": `{{ randAlphaNum 5 }} {{ uuidv4 }} {{ now | date "2006" }} {{ genPrivateKey "rsa" | len }}` +
		` {{ $ca := genCA "ca" 365 }}{{ (genSignedCert "x" nil nil 1 $ca).Cert | b64enc | len }} {{ htpasswd "u" "p" | len }} {{ randInt 1 9 }}` +
		` {{ (buildCustomCert ($ca.Cert | b64enc) ($ca.Key | b64enc)).Key | len }} {{ shuffle "abc" }} {{ randBytes 3 }}`}
	first, err := rendered(t, files, options())
	if err != nil {
		t.Fatal(err)
	}
	again, err := rendered(t, files, options())
	if err != nil || first["templates/a.yaml"] != again["templates/a.yaml"] || !strings.HasPrefix(first["templates/a.yaml"], "aaaaa ") {
		t.Errorf("got %q and %q, %v", first, again, err)
	}
}
