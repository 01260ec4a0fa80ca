package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEscapeShowsWhatDoesNotPrint(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                       "",
		"plain text":             "plain text",
		"日本 ü":                   "日本 ü",
		"a\nb\tc\rd":             `a\nb\tc\rd`,
		"\x1b[31m":               `\x1b[31m`,
		"\x7f":                   `\x7f`,
		"\u0085":                 `\u0085`,
		"\u202egnp":              `\u202egnp`,
		"\u200b\ufeff":           `\u200b\ufeff`,
		"\u2028":                 `\u2028`,
		"\xff\xc3(":              `\xff\xc3(`,
		"\ufffd":                 "\ufffd",
		strings.Repeat("é", 256): strings.Repeat("é", 256),
		strings.Repeat("é", 257): strings.Repeat("é", 256) + "…",
	} {
		if got := Escape(in); got != want {
			t.Errorf("Escape(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWrapBreaksBetweenWords(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text  string
		width int
		want  []string
	}{
		{"", 20, []string{""}},
		{"aaaaa bbbbb ccccc ddddd", 0, []string{"aaaaa bbbbb ccccc ddddd"}},
		{"aaaaa bbbbb ccccc ddddd", 19, []string{"aaaaa bbbbb ccccc ddddd"}},
		{"aaaaa bbbbb ccccc ddddd", 23, []string{"aaaaa bbbbb ccccc ddddd"}},
		{"aaaaa bbbbb ccccc ddddd", 22, []string{"aaaaa bbbbb ccccc", "ddddd"}},
		{"muchtoolongmuchtoolong b", 20, []string{"muchtoolongmuchtoolong", "b"}},
		{"äääää ööööö üüüüü ßßßß", 21, []string{"äääää ööööö üüüüü", "ßßßß"}},
	} {
		if diff := cmp.Diff(tt.want, wrap(tt.text, tt.width)); diff != "" {
			t.Errorf("wrap(%q, %d) (-want +got):\n%s", tt.text, tt.width, diff)
		}
	}
}

func TestGridLinesUpColumns(t *testing.T) {
	t.Parallel()
	got := grid([][]string{{"A", "LONG", "C"}, {"ää", "b", ""}, {"", "", "c"}})
	want := []string{"A   LONG  C", "ää  b", "          c"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestValueIsReadable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in   any
		want string
	}{
		{nil, "not set"},
		{true, "true"},
		{int64(0), "0"},
		{"", `""`},
		{" x", `" x"`},
		{"SYS_ADMIN", "SYS_ADMIN"},
		{[]string{"a", "b"}, "[a, b]"},
	} {
		if got := value(tt.in); got != tt.want {
			t.Errorf("value(%#v) = %s, want %s", tt.in, got, tt.want)
		}
	}
}

func TestKindNameIsKubectls(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]Object{
		"pod/a":             {"v1", "Pod", "x", "a"},
		"deployment.apps/a": {"apps/v1", "Deployment", "x", "a"},
		"rayjob.ray.io/a":   {"ray.io/v1", "RayJob", "x", "a"},
	} {
		if got := o.KindName(); got != want {
			t.Errorf("KindName() = %s, want %s", got, want)
		}
	}
}

func TestAnErrorIsOneLineWithItsPlace(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]Error{
		"a.yaml:3: no":       {Source{File: "a.yaml", Line: 3}, "no"},
		"a.yaml: no":         {Source{File: "a.yaml"}, "no"},
		"standard input: no": {Source{File: "-"}, "no"},
		`a\nb:1: c\nd`:       {Source{File: "a\nb", Line: 1}, "c\nd"},
	} {
		if got := e.String(); got != want {
			t.Errorf("String() = %s, want %s", got, want)
		}
	}
}
