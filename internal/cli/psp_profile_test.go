package cli

import (
	"strings"
	"testing"

	"github.com/gabion-security/gabion/internal/profile"
	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/pss"
)

func TestWhatGoesIntoAProfileIsAControlThatProfilesHave(t *testing.T) {
	t.Parallel()
	policy, _, err := psp.Parse([]byte(`{"apiVersion": "policy/v1beta1", "kind": "PodSecurityPolicy", "metadata": {"name": "all"}, "spec": {
		"seLinux": {"rule": "RunAsAny"}, "readOnlyRootFilesystem": true, "volumes": ["*"],
		"runAsUser": {"rule": "MustRunAs", "ranges": [{"min": 1, "max": 2}]}, "runAsGroup": {"rule": "MustRunAs", "ranges": [{"min": 1, "max": 2}]},
		"supplementalGroups": {"rule": "MustRunAs", "ranges": [{"min": 1, "max": 2}]}, "fsGroup": {"rule": "MustRunAs", "ranges": [{"min": 1, "max": 2}]},
		"allowedHostPaths": [{"pathPrefix": "/var/log"}], "allowedFlexVolumes": [{"driver": "example/lvm"}], "allowedCSIDrivers": [{"name": "csi.example.com"}],
		"forbiddenSysctls": ["kernel.*"], "runtimeClass": {"allowedRuntimeClassNames": ["gvisor"]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	mapping, err := policy.Map(pss.Latest)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, c := range profile.Controls() {
		known[c.ID] = true
	}
	found := 0
	for _, s := range mapping.NoOpinion {
		if id, ok := strings.CutPrefix(s.Goes, "into a profile: "); ok {
			found++
			if !known[id] {
				t.Errorf("%s goes into %q, which profiles do not have", s.Field, id)
			}
		}
	}
	if want := 10; found != want {
		t.Errorf("%d settings go into a profile, want %d", found, want)
	}
}
