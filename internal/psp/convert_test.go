package psp_test

import (
	"strings"
	"testing"

	"github.com/gabion-security/gabion/internal/psp"
)

// parsed reads a policy with the fields, which asks nothing else.
func parsed(t *testing.T, fields string) *psp.Policy {
	t.Helper()
	text := `{"apiVersion":"policy/v1beta1","kind":"PodSecurityPolicy","metadata":{"name":"p"},"spec":{` + fields
	for _, rule := range []string{"runAsUser", "seLinux", "fsGroup", "supplementalGroups"} {
		if !strings.Contains(fields, rule) {
			text += `,"` + rule + `":{"rule":"RunAsAny"}`
		}
	}
	p, _, err := psp.Parse([]byte(text + "}}"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWhatAProfileHasNoWordsForIsNamed(t *testing.T) {
	t.Parallel()
	for fields, want := range map[string]string{
		`"allowedCapabilities":["CAP_KILL"]`:                                              `allowedCapabilities: a profile has no capability "CAP_KILL": write its name in upper case without CAP_`,
		`"requiredDropCapabilities":["all"]`:                                              `requiredDropCapabilities: a profile has no capability "all"`,
		`"runAsUser":{"rule":"MustRunAs","ranges":[{"min":4294967296,"max":4294967296}]}`: `runAsUser: no ID is in its ranges, of which the highest is 2147483647`,
		`"allowedHostPaths":[{"pathPrefix":"var/log"}]`:                                   `allowedHostPaths: a profile has no path "var/log": it has only those from the root`,
	} {
		_, err := parsed(t, fields).Convert()
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want one line: %s", fields, err, want)
		}
	}
}
