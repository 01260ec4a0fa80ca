package exclude

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestPatternsLeaveOutWhatGitignoreWould(t *testing.T) {
	t.Parallel()
	tests := []struct {
		patterns string // separated by spaces
		in, out  string // paths that are read, and paths that are left out; directories end in a slash
	}{
		{"", "a.yaml sub/", ""},
		{"vendor", "vendored/a.yaml", "vendor vendor/ vendor/a.yaml x/vendor x/vendor/deep/a.yaml"},
		{"vendor/", "vendor", "vendor/ vendor/a.yaml x/vendor/a.yaml"},
		{"/vendor", "x/vendor x/vendor/a.yaml", "vendor vendor/a.yaml"},
		{"./vendor", "x/vendor", "vendor/a.yaml"},
		{"deploy/test", "x/deploy/test deploy/tests", "deploy/test deploy/test/a.yaml"},
		{"*.tmpl.yaml", "a.yaml", "a.tmpl.yaml x/y/b.tmpl.yaml"},
		{"deploy/*.yaml", "deploy/x/a.yaml a.yaml", "deploy/a.yaml"},
		{"deploy/**/a.yaml", "a.yaml deploy/b.yaml", "deploy/a.yaml deploy/x/a.yaml deploy/x/y/a.yaml"},
		{"**/test", "tests", "test x/test x/y/test/a.yaml"},
		{"deploy/**", "deploy/ deployment", "deploy/a.yaml deploy/x/y"},
		{"v?.yaml v[!12].yml", "v10.yaml v1.yml", "v1.yaml v3.yml"},
		{"*.yaml !keep.yaml", "keep.yaml x/keep.yaml a.yml", "a.yaml x/b.yaml"},
		{"vendor/ !vendor/keep.yaml", "", "vendor/keep.yaml"},
		{"!keep.yaml *.yaml", "", "keep.yaml"},
		{`a\*b`, "aXb", "a*b"},
		{"a.yaml", "", "../elsewhere/a.yaml"},
		{"/a.yaml elsewhere/a.yaml", "../elsewhere/a.yaml", ""},
	}
	base := filepath.Join(t.TempDir(), "base")
	for _, test := range tests {
		m, err := New(base, strings.Fields(test.patterns))
		if err != nil {
			t.Errorf("%s: %v", test.patterns, err)
			continue
		}
		for paths, want := range map[string]bool{test.in: false, test.out: true} {
			for _, path := range strings.Fields(paths) {
				name, dir := strings.CutSuffix(path, "/")
				if got := m.Match(filepath.Join(base, name), dir); got != want {
					t.Errorf("%s: %s is left out: %t, want %t", test.patterns, path, got, want)
				}
			}
		}
	}
}

func TestRelativePathsAreThoseOfTheCurrentDirectory(t *testing.T) {
	t.Parallel()
	m, err := New(".", []string{"testdata/deep/"})
	if err != nil {
		t.Fatal(err)
	}
	if !m.Match("testdata/deep/a.yaml", false) || !m.Match("./testdata/deep", true) || m.Match("deep/a.yaml", false) {
		t.Error("paths are not relative to the current directory")
	}
}

func TestNoPatternsLeaveNothingOut(t *testing.T) {
	t.Parallel()
	var none *Matcher
	if none.Match("a.yaml", false) || new(Matcher).Match("a.yaml", false) {
		t.Error("something is left out")
	}
}

func TestBrokenPatternsAreErrors(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]string{
		"":         `the pattern "" names nothing`,
		"!":        `the pattern "!" names nothing`,
		"/":        `the pattern "/" names nothing`,
		"[a":       `the pattern "[a" is broken: is a bracket open, or a backslash at its end?`,
		`a\`:       `the pattern "a\\" is broken: is a bracket open, or a backslash at its end?`,
		"../other": `the pattern "../other" has ".." in it, which no path has`,
		"a//b":     `the pattern "a//b" has "" in it, which no path has`,
	} {
		if _, err := New("", []string{pattern}); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", pattern, err, want)
		}
	}
}
