package cli

import (
	"strings"
	"testing"
)

func TestWhoKnowsOtherScannersIsToldTheFlag(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"check --format=json .": "unknown flag: --format; did you mean --output?",
		"check --exit-code=1 .": "did you mean --fail-on?",
		"check --severity=high": "did you mean --level?",
		"check --quiet .":       "did you mean -o name?",
		"check --verbose .":     "did you mean -o wide?",
		"check --levl=x .":      "did you mean --level?",
		"check --unrelated .":   "unknown flag: --unrelated\n",
		"scan .":                `there is no command "scan"; did you mean check?`,
		"lint":                  `there is no command "lint"; did you mean check?`,
	} {
		s, _, stderr := system(strings.Fields(args)...)
		if code := Main(s); code != 2 || !strings.Contains(stderr.String(), want) {
			t.Errorf("%s: exit code %d, want %q: %s", args, code, want, stderr)
		}
	}
}
