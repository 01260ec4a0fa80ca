package cli

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/report"
)

func TestAPatchIsTakenBackToWhatStoodBefore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, before, patch, want string }{
		{"a setting that was not there", `{}`, `{"hostUsers":true}`, `{"hostUsers":null}`},
		{"a setting with a value", `{"runAsUser":7}`, `{"runAsUser":8}`, `{"runAsUser":7}`},
		{"false is a value", `{"runAsNonRoot":false}`, `{"runAsNonRoot":true}`, `{"runAsNonRoot":false}`},
		{"what cannot be empty goes as a whole", `{}`, `{"seccompProfile":{"type":"RuntimeDefault"}}`, `{"seccompProfile":null}`},
		{"what may be empty stays", `{}`, `{"securityContext":{"capabilities":{"drop":["ALL"]}}}`, `{"securityContext":{"capabilities":{"drop":null}}}`},
		{"a part of something", `{"seLinuxOptions":{"user":"u"}}`, `{"seLinuxOptions":{"level":"l"}}`, `{"seLinuxOptions":{"level":null}}`},
		{"words in a list", `{"drop":["A"]}`, `{"drop":["A","B"]}`, `{"drop":["A"]}`},
		{"numbers in a list that was not there", `{}`, `{"supplementalGroups":[1]}`, `{"supplementalGroups":null}`},
		{
			"containers, by their names", `{"containers":[{"name":"a","x":1},{"name":"b","x":2}]}`,
			`{"containers":[{"name":"b","x":3}]}`, `{"containers":[{"name":"b","x":2}]}`,
		},
		{
			"annotations", `{"metadata":{"labels":{"a":"b"}}}`,
			`{"metadata":{"annotations":{"k":"v"}}}`, `{"metadata":{"annotations":{"k":null}}}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := json.Marshal(reverse(object(c.patch), object(c.before)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(got)); diff != "" {
				t.Errorf("taken back by (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheTemplateOfACustomResourceIsOnlyPrintedAndThatIsSaid(t *testing.T) {
	t.Parallel()
	s, _, stderr := system()
	p := patching{applying: &applying{migration: &migration{
		pspMigrateOptions: &pspMigrateOptions{system: &s, yes: true}, backup: newBackup(newInput(&inputOptions{system: &s})),
	}}}
	change := report.MigrationPatch{Object: report.Object{APIVersion: "argoproj.io/v1alpha1", Kind: "Rollout", Namespace: "shop", Name: "web"}}
	if err := p.patch(t.Context(), &change); err != nil || p.done > 0 || p.left != 1 {
		t.Errorf("%v, and %d were written, %d left", err, p.done, p.left)
	}
	const want = "rollout.argoproj.io/web in namespace shop is left as it is: nobody knows how objects of its kind are merged; write into its template what is printed above\n"
	if got := stderr.String(); got != want {
		t.Errorf("standard error: %q", got)
	}
}
