package report

import (
	"bytes"
	"strings"
	"testing"
)

// asideReport holds violations that are ignored, known or fixed: none, one and
// several of each.
func asideReport() checkReport {
	ignored := func(control, reason string, findings ...Finding) Ignored { return Ignored{control, reason, findings} }
	all := violating().Violations

	known := passing("known")
	known.Known = all[1:]
	both := passing("both")
	both.Ignored = []Ignored{ignored("privileged", "it is the CNI", all[0].Findings...)}
	both.Known = all[1:]
	failing := violating()
	failing.Known = all
	failing.Ignored = []Ignored{ignored("hostNamespaces", hostile, all[1].Findings...), ignored("fsGroups", "why", all[0].Findings...)}
	warned := passing("warned")
	warned.WarnFails = true
	warned.PolicyFrom = FromConfig
	warned.Warn = &Mode{"restricted:v1.25", Verdict{Reason: "privileged", Violations: all[:1], Known: all[1:]}}

	return checkReport{
		results: []Result{passing("none"), known, both, failing, warned},
		summary: Summary{
			Objects: 5, Checked: 5, Violating: 1, Ignored: 5, Known: 6, Gone: 2,
			Fixed: []Fixed{
				{"apps", "Deployment", "default", "web", "privileged", `spec.template.spec.containers["app"].securityContext.privileged`, true},
				{"", "Pod", hostile, "", "runAsNonRoot", "spec.securityContext.runAsNonRoot", nil},
			},
		},
	}
}

func TestAResultFailsForWhatCounts(t *testing.T) {
	t.Parallel()
	warned := func(fails bool) Result {
		r := passing("a")
		r.WarnFails, r.Warn = fails, &Mode{"restricted:latest", Verdict{}}
		return r
	}
	invalid := passing("a")
	invalid.Invalid = []Invalid{{Path: "spec.os", Message: "no", Line: 1, Column: 1}}
	for name, c := range map[string]struct {
		result Result
		want   bool
	}{
		"nothing":                   {passing("a"), false},
		"a violation":               {violating(), true},
		"what the server refuses":   {invalid, true},
		"a warning":                 {warned(false), false},
		"a warning that is to fail": {warned(true), true},
	} {
		if got := c.result.Fails(); got != c.want {
			t.Errorf("%s: fails is %v", name, got)
		}
	}
}

func TestFixedFindingsStandByThemselvesBehindAPassingObject(t *testing.T) {
	t.Parallel()
	r := checkReport{results: []Result{passing("a")}, summary: Summary{Fixed: []Fixed{{Kind: "Pod", Control: "privileged", Path: "spec"}}}}
	got := write(t, "table", Style{}, r)
	if lines := bytes.Count(got, []byte("\n")); lines != 2 || !strings.Contains(string(got), "\nFIXED  ") {
		t.Errorf("got:\n%s", got)
	}
}
