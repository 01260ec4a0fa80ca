package document_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/document"
)

// heads are the kinds, names and lines of the documents.
func heads(t *testing.T, text string) []string {
	t.Helper()
	all, err := document.Read([]byte(text))
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	var found []string
	for _, d := range all {
		found = append(found, fmt.Sprintf("%s %s %d", d.Kind, d.Name, d.Line))
	}
	return found
}

func TestEveryDocumentOfAFileIsRead(t *testing.T) {
	t.Parallel()
	one := "kind: A\nmetadata: {name: a}\n"
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"none", "", nil},
		{"comments", "# nothing\n---\n# and nothing\n", nil},
		{"one", one, []string{"A a 1"}},
		{"one behind its marker", "---\n" + one, []string{"A a 1"}},
		{"two", one + "---\nkind: B\n---\n", []string{"A a 1", "B  3"}},
		{"two with Windows line ends", strings.ReplaceAll(one+"---\nkind: B\n", "\n", "\r\n"), []string{"A a 1", "B  3"}},
		{"one on the line of its marker", one + "--- {kind: B}\n", []string{"A a 1", "B  3"}},
		{"JSON", `{"kind": "A", "metadata": {"name": "a"}}`, []string{"A a 1"}},
		{"the items of a List", "apiVersion: v1\nkind: List\nitems:\n- " + strings.ReplaceAll(one, "\n", "\n  ") + "\n- kind: B\n", []string{"A a 1", "B  1"}},
		{"an empty List", "apiVersion: v1\nkind: List\nitems: []\n", nil},
	} {
		if diff := cmp.Diff(c.want, heads(t, c.text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestWhatCannotBeReadIsOneLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"no YAML", "kind: [", "yaml: "},
		{"a key twice", "kind: A\nkind: B\n", "already set"},
		{"a key twice in a later document", "kind: A\n---\nkind: A\nkind: B\n", "the document that begins in line 2: "},
		{"nothing but bytes", "kind: \xff\xfe\n", "the file is binary, not text"},
		{"far too much", "kind: " + strings.Repeat("x", 17<<20) + "\n", "the file has 17 MiB"},
		{"a list", "- a\n", "cannot unmarshal array"},
		{"a text", "hello\n", "cannot unmarshal string"},
		{"text behind an end", "kind: A\n...\nkind: B\n", "did not find expected <document start>"},
		{"another document behind an end", "kind: A\n...\n%YAML 1.1\n--- {kind: B}\n", "line 3: "},
		{"a List of texts", "apiVersion: v1\nkind: List\nitems: [a]\n", "items[0]: "},
	} {
		d, err := document.Read([]byte(c.text))
		if err == nil || d != nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v and %v, want one line with %q", c.name, d, err, c.want)
		}
	}
}

func TestADocumentIsOfTheOneVersion(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"apiVersion: gabion.io/v1alpha1\nkind: PodSecurityGuard\n":     true,
		"apiVersion: gabion.io/v1\nkind: PodSecurityGuard\n":           false,
		"apiVersion: gabion.io/v1alpha1\nkind: PodSecurityException\n": false,
		"kind: PodSecurityGuard\n":                                     false,
	} {
		all, err := document.Read([]byte(text))
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		if got := all[0].Is(v1alpha1.KindPodSecurityGuard); got != want {
			t.Errorf("%q is a guard: %v", text, got)
		}
	}
}

func TestNothingInADocumentIsOverlooked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ spec, want string }{
		{"lock: true", ""},
		{"locked: true", `unknown field "spec.locked": did you mean lock?`},
		{"somethingElse: true", `unknown field "spec.somethingElse": there is no such field`},
		{"namespaces: {name: [a]}", "did you mean names?"},
		{"floor:", "spec.floor has no value"},
		{"namespaces: {selector: {matchLabels: {mesh: ''}}}", ""},
		{"namespaces: {selector: {matchLabels: {mesh: }}}", "spec.namespaces.selector.matchLabels.mesh has no value"},
		{"lock: 1", "cannot unmarshal number"},
	} {
		all, err := document.Read([]byte("apiVersion: gabion.io/v1alpha1\nkind: PodSecurityGuard\nmetadata: {name: a}\nspec:\n  " + c.spec + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		var g v1alpha1.PodSecurityGuard
		err = all[0].Decode(&g)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", c.spec, err, c.want)
		}
	}
}
