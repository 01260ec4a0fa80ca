package cluster

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/version"

	"github.com/gabion-security/gabion/pss"
)

func TestAServerSaysWhatItIs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		info version.Info
		want Server
		err  string
	}{
		{
			"a release",
			version.Info{Major: "1", Minor: "37", GitVersion: "v1.37.2"},
			Server{"v1.37.2", pss.V1(37)}, "",
		},
		{
			"a provider's minor",
			version.Info{Major: "1", Minor: "33+", GitVersion: "v1.33.1-gke.100"},
			Server{"v1.33.1-gke.100", pss.V1(33)}, "",
		},
		{
			"one that emulates an older one",
			version.Info{Major: "1", Minor: "37", EmulationMajor: "1", EmulationMinor: "34", GitVersion: "v1.37.2"},
			Server{"v1.37.2", pss.V1(34)}, "",
		},
		{
			"one that emulates itself",
			version.Info{Major: "1", Minor: "37", EmulationMajor: "1", EmulationMinor: "37", GitVersion: "v1.37.2"},
			Server{"v1.37.2", pss.V1(37)}, "",
		},
		{"the oldest one", version.Info{Major: "1", Minor: "28", GitVersion: "v1.28.0"}, Server{"v1.28.0", pss.V1(28)}, ""},
		{"one without a name", version.Info{Major: "1", Minor: "30"}, Server{"v1.30", pss.V1(30)}, ""},
		{
			"one that is too old",
			version.Info{Major: "1", Minor: "27", GitVersion: "v1.27.16"},
			Server{}, "the API server is Kubernetes 1.27, and at least 1.28 is needed",
		},
		{
			"one that emulates one that is too old",
			version.Info{Major: "1", Minor: "30", EmulationMajor: "1", EmulationMinor: "27"},
			Server{}, "the API server is Kubernetes 1.27, and at least 1.28 is needed",
		},
		{"one that does not say", version.Info{}, Server{}, `its major version is ""`},
		{"another major", version.Info{Major: "2", Minor: "37"}, Server{}, `its major version is "2"`},
		{"no number", version.Info{Major: "1", Minor: "x"}, Server{}, `its minor version is "x"`},
		{"a negative number", version.Info{Major: "1", Minor: "-1"}, Server{}, `its minor version is "-1"`},
		{"no emulated number", version.Info{Major: "1", Minor: "37", EmulationMajor: "1", EmulationMinor: "x"}, Server{}, "emulates none"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := serverOf(tt.info, oldestMinor)
			if (err == nil) != (tt.err == "") || (err != nil && !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("got error %v, want %q", err, tt.err)
			}
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}
