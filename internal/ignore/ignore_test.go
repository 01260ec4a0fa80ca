package ignore_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/ignore"
)

var known = []string{"privileged", "capabilities_baseline", "capabilities_restricted"}

func TestControlsAreIgnoredByNameAndWithAReason(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       []ignore.Entry
	}{
		{"one", "privileged: it is the CNI", []ignore.Entry{{"privileged", "it is the CNI"}}},
		{"one with a colon in its reason", " privileged :see: this ", []ignore.Entry{{"privileged", "see: this"}}},
		{"two on lines", "privileged: a\r\n\n  capabilities_baseline: b\n", []ignore.Entry{{"privileged", "a"}, {"capabilities_baseline", "b"}}},
		{"two behind each other", "privileged: a; capabilities_baseline: b;", []ignore.Entry{{"privileged", "a"}, {"capabilities_baseline", "b"}}},
	} {
		got, err := ignore.Parse(c.text, known)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestWhatCannotBeIgnoredIsAnError(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "names no control"},
		{"blanks", " ;\n; ", "names no control"},
		{"no reason", "privileged", `privileged is ignored without a reason: write "privileged: REASON"`},
		{"an empty reason", "privileged: ", "without a reason"},
		{"a reason that nobody sees", "privileged: \u200b", "without a reason"},
		{"a reason that says nothing", "privileged: ...", "without a reason"},
		{"a slip of the pen", "capabilities_restrictd: why", `there is no control "capabilities_restrictd"; did you mean capabilities_restricted?`},
		{"another case", "Privileged: why", "did you mean privileged?"},
		{"a reason alone", "it is the CNI", `there is no control "it is the CNI": write "CONTROL: REASON"`},
		{"everything", "*: why", "there is no name for all of them"},
		{"everything in words", "all: why", "there is no name for all of them"},
		{"a pattern", "capabilities_*: why", `there is no control "capabilities_*"`},
		{"one twice", "privileged: a; privileged: b", "privileged is ignored twice"},
		{"a good one before a bad one", "privileged: a; privilegd: b", "did you mean privileged?"},
	} {
		got, err := ignore.Parse(c.text, known)
		if err == nil || got != nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v and %v, want one line with %q", c.name, got, err, c.want)
		}
	}
}
