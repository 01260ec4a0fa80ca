package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/config"
)

func TestKeysBecomeFlagsInOneOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", "", nil},
		{"comments", "# nothing\n", nil},
		{"one", "level: baseline\n", []string{"--level=baseline"}},
		{"several", "formats: [json]\nexcludes: [a, b]\nnoIgnores: true\nallowUnchecked: false\n", []string{
			"--exclude=a,b", "--allow-unchecked=false", "--no-ignores=true", "--output=json",
		}},
		{"JSON", `{"failOn": "never"}`, []string{"--fail-on=never"}},
	} {
		settings, err := config.Read([]byte(c.text))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		var got []string
		for _, s := range settings {
			got = append(got, "--"+s.Flag+"="+strings.Join(s.Values, ","))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestPathsAreTold(t *testing.T) {
	t.Parallel()
	settings, err := config.Read([]byte("policyDir: a\nexceptions: [b]\nbaseline: c\nexcludes: [d]\n"))
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, s := range settings {
		if s.Path {
			paths = append(paths, s.String())
		}
	}
	if diff := cmp.Diff([]string{"policyDir=a", "exceptions=b", "baseline=c"}, paths); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatIsNotUnderstoodIsAnError(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"an unknown key", "levels: baseline\n", `unknown field "levels": did you mean level?`},
		{"a key as its flag is called", "at-least: baseline\n", `unknown field "at-least": did you mean atLeast?`},
		{"another case", "Level: baseline\n", "did you mean level?"},
		{"a key twice", "level: baseline\nlevel: privileged\n", "already set"},
		{"two documents", "level: baseline\n---\nlevel: privileged\n", "one document, and here are 2"},
		{"no value", "level:\n", "level has no value"},
		{"an empty value", "level: ''\n", "level has an empty value"},
		{"an empty list", "excludes: []\n", "excludes has no value"},
		{"an empty item", "excludes: [a, '']\n", "excludes has an empty value"},
		{"a number", "version: 1.33\n", "version must be text: put it in quotes"},
		{"one for a list", "excludes: a\n", "excludes must be a list of texts"},
		{"a list for one", "level: [baseline]\n", "level must be text"},
		{"a text for yes or no", "noIgnores: 'yes'\n", "noIgnores must be true or false"},
		{"a number in a list", "excludes: [1]\n", "excludes must be a list of texts"},
		{"a profile and a level", "profile: a\nlevel: baseline\n", "profile has a level and a version of its own"},
		{"a profile and guards", "profile: a\npolicyDir: b\n", "profile judges instead of guards"},
		{"a profile and a floor", "profile: a\natLeast: baseline\n", "profile has a level and a version of its own"},
		{"a list of nothing", "- level\n", "cannot unmarshal array"},
		{"bytes", "\xff\xfe", "binary"},
	} {
		settings, err := config.Read([]byte(c.text))
		if err == nil || settings != nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v and %v, want one line with %q", c.name, settings, err, c.want)
		}
	}
}
