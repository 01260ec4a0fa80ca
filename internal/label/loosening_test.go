package label_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/pss"
)

func TestWhatAsksForLessIsNamed(t *testing.T) {
	t.Parallel()
	const enforce, enforceVersion, warn, audit = pss.EnforceLabel, pss.EnforceVersionLabel, pss.WarnLabel, pss.AuditLabel
	for name, tt := range map[string]struct {
		labels, want map[string]string
		defaults     pss.Level
		loosened     []string
	}{
		"a lower level": {
			labels: map[string]string{enforce: "restricted"}, want: map[string]string{enforce: "baseline"},
			loosened: []string{"enforce restricted:latest baseline:latest"},
		},
		"privileged": {
			labels: map[string]string{enforce: "baseline"}, want: map[string]string{enforce: "privileged", enforceVersion: "v1.37"},
			loosened: []string{"enforce baseline:latest privileged:v1.37"},
		},
		"an older version": {
			labels: map[string]string{enforce: "baseline"}, want: map[string]string{enforce: "baseline", enforceVersion: "v1.36"},
			loosened: []string{"enforce baseline:latest baseline:v1.36"},
		},
		"an older version of a higher level": {
			labels:   map[string]string{enforce: "baseline", enforceVersion: "v1.36"},
			want:     map[string]string{enforce: "restricted", enforceVersion: "v1.20"},
			loosened: []string{"enforce baseline:v1.36 restricted:v1.20"},
		},
		"all modes": {
			labels:   map[string]string{enforce: "restricted", warn: "restricted", audit: "baseline"},
			want:     map[string]string{enforce: "baseline", warn: "baseline", audit: "privileged"},
			loosened: []string{"enforce restricted:latest baseline:latest", "audit baseline:latest privileged:latest", "warn restricted:latest baseline:latest"},
		},
		"less than the API server's default": {
			want: map[string]string{enforce: "baseline"}, defaults: pss.Restricted,
			loosened: []string{"enforce restricted:latest baseline:latest"},
		},
		"a level that the API server takes for restricted": {
			labels: map[string]string{enforce: "strict"}, want: map[string]string{enforce: "baseline"},
			loosened: []string{"enforce restricted:latest baseline:latest"},
		},
		"the version that latest is":           {labels: map[string]string{enforce: "baseline"}, want: map[string]string{enforce: "baseline", enforceVersion: "v1.37"}},
		"a higher level":                       {labels: map[string]string{enforce: "baseline"}, want: map[string]string{enforce: "restricted"}},
		"an older version of nothing":          {labels: map[string]string{enforce: "privileged"}, want: map[string]string{enforceVersion: "v1.20"}},
		"a mode that stays as it is":           {labels: map[string]string{enforce: "restricted"}, want: map[string]string{audit: "baseline"}},
		"a namespace without labels":           {want: map[string]string{enforce: "privileged", warn: "baseline"}},
		"the same as the API server's default": {want: map[string]string{enforce: "restricted"}, defaults: pss.Restricted},
	} {
		p := planner()
		if tt.defaults.Valid() {
			p.Defaults.Enforce.Level = tt.defaults
		}
		c := p.Plan(labelled(tt.labels), tt.want)
		var got []string
		for _, l := range c.Loosened {
			got = append(got, l.Mode+" "+l.From.String()+" "+l.To.String())
		}
		if diff := cmp.Diff(tt.loosened, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
