package upgrade

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/pss"
)

func names(changes []Change) []string {
	var all []string
	for _, c := range changes {
		all = append(all, fmt.Sprintf("%s %s %s %s", c.Release, c.Control, c.Effect, c.Reach))
	}
	return all
}

func TestEveryRevisionOfAControlIsAChange(t *testing.T) {
	t.Parallel()
	want := map[string]bool{}
	for _, c := range pss.Controls() {
		for _, r := range c.Revisions {
			if r.Since > oldest {
				want[fmt.Sprintf("%s %s looser=%t", r.Since, c.ID, r.Looser)] = true
			}
		}
	}
	got := map[string]bool{}
	for _, c := range versioned {
		got[fmt.Sprintf("%s %s looser=%t", c.Release, c.Control, c.Effect == Looser)] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changes of the catalogue (-) and of the table (+):\n%s", diff)
	}
}

func TestEveryChangeIsComplete(t *testing.T) {
	t.Parallel()
	for _, c := range Changes(Server{Release: oldest}, Server{Release: pss.NewestVersion()}) {
		if _, ok := pss.LookupControl(c.Control); !ok {
			t.Errorf("%s: there is no control %s", c.Release, c.Control)
		}
		minor, _ := c.Release.Minor()
		source := fmt.Sprintf("https://github.com/kubernetes/pod-security-admission/blob/v0.%d.0/policy/check_", minor)
		if !strings.HasSuffix(c.Text, ".") || !strings.HasPrefix(c.Source, source) || c.Effect == "" || c.Reach == "" {
			t.Errorf("%+v lacks something", c)
		}
	}
}

func TestChangesAreThoseBetweenTheServers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		from, to Server
		want     []string
	}{
		"the same release": {Server{Release: pss.V1(33)}, Server{Release: pss.V1(33)}, nil},
		"one release": {Server{Release: pss.V1(32)}, Server{Release: pss.V1(33)}, []string{
			"v1.33 restrictedVolumes looser all",
		}},
		"the release of the issue": {Server{Release: pss.V1(33)}, Server{Release: pss.V1(37)}, []string{
			"v1.34 hostProbesAndHostLifecycle stricter version",
			"v1.35 procMount looser version",
			"v1.35 procMount stricter gate",
			"v1.35 procMount_restricted same version",
			"v1.35 runAsNonRoot looser version",
			"v1.35 runAsNonRoot stricter gate",
			"v1.35 runAsUser looser version",
			"v1.35 runAsUser stricter gate",
			"v1.37 sysctls looser version",
		}},
		"an emulated version has been left behind by the program": {
			Server{Release: pss.V1(36), Emulates: pss.V1(34)}, Server{Release: pss.V1(36)},
			[]string{
				"v1.35 procMount looser version", "v1.35 procMount_restricted same version",
				"v1.35 runAsNonRoot looser version", "v1.35 runAsUser looser version",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, names(Changes(test.from, test.to))); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}
