package upgrade

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/pss"
)

func TestAServerIsReadFromWhatItSaysOfItself(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		release string
		behaves pss.Version
		want    Server
		latest  pss.Version
	}{
		{"v1.37.2", pss.V1(37), Server{Release: pss.V1(37)}, pss.V1(37)},
		{"v1.33.4+k3s1", pss.V1(33), Server{Release: pss.V1(33)}, pss.V1(33)},
		{"v1.30.1-gke.1329003", 0, Server{Release: pss.V1(30)}, pss.V1(30)},
		{"v1.33", 0, Server{Release: pss.V1(33)}, pss.V1(33)},
		{"v1.37.2", pss.V1(35), Server{Release: pss.V1(37), Emulates: pss.V1(35)}, pss.V1(35)},
		// v1.34 knows one control to leave out when it emulates.
		{"v1.34.0", pss.V1(32), Server{Release: pss.V1(34), Emulates: pss.V1(32)}, pss.V1(33)},
		{"v1.32.0", pss.V1(31), Server{Release: pss.V1(32), Emulates: pss.V1(31)}, pss.V1(32)},
		{"a fork", pss.V1(33), Server{Release: pss.V1(33)}, pss.V1(33)},
		{"latest", pss.V1(33), Server{Release: pss.V1(33)}, pss.V1(33)},
		{"", 0, Server{}, 0},
	} {
		got := ParseServer(test.release, test.behaves)
		if got != test.want || got.Latest() != test.latest {
			t.Errorf("%q that behaves as %s: %+v with latest %s, want %+v with %s",
				test.release, test.behaves, got, got.Latest(), test.want, test.latest)
		}
	}
}

// The pods that releases disagree about.
func appArmorPod() pss.Pod {
	p := fine()
	p.Containers[0].SecurityContext.AppArmorProfile = pss.Some("Unconfined")
	return p
}

func imagePod() pss.Pod {
	p := fine()
	p.Volumes = []pss.Volume{{Name: "model", Sources: pss.VolumeImage}}
	return p
}

func usernsPod() pss.Pod {
	p := fine()
	p.HostUsers = pss.Some(false)
	p.SecurityContext.RunAsNonRoot, p.SecurityContext.RunAsUser = pss.Opt[bool]{}, pss.Some[int64](0)
	return p
}

func procMountPod() pss.Pod {
	p := fine()
	p.HostUsers = pss.Some(false)
	p.Containers[0].ProcMount = pss.Some("Unmasked")
	return p
}

func probePod() pss.Pod {
	p := fine()
	p.Containers[0].Hosts = []pss.Host{{Field: pss.LivenessHTTP, Value: "10.0.0.1"}}
	return p
}

func sysctlPod() pss.Pod {
	p := fine()
	p.Sysctls = []string{"net.ipv4.tcp_notsent_lowat"}
	return p
}

// fine returns a pod that every level allows.
func fine() pss.Pod {
	return pss.Pod{
		SecurityContext: pss.SecurityContext{RunAsNonRoot: pss.Some(true), SeccompProfile: pss.Some("RuntimeDefault")},
		Containers: []pss.Container{{
			Name: "app", Kind: pss.RegularContainer, AllowPrivilegeEscalation: pss.Some(false), DroppedCapabilities: []string{"ALL"},
		}},
	}
}

func TestEachReleaseJudgesInItsOwnWay(t *testing.T) {
	t.Parallel()
	restricted := func(v pss.Version) pss.LevelVersion { return pss.LevelVersion{Level: pss.Restricted, Version: v} }
	none := []pss.ID(nil)
	for name, test := range map[string]struct {
		pod    pss.Pod
		server Server
		policy pss.LevelVersion
		want   []pss.ID
	}{
		"before v1.30 nobody looked at AppArmor's fields":   {appArmorPod(), Server{Release: pss.V1(29)}, restricted(pss.Latest), none},
		"since v1.30 everybody does, however old the pin":   {appArmorPod(), Server{Release: pss.V1(30)}, restricted(pss.V1(20)), []pss.ID{"appArmorProfile"}},
		"before v1.33 an image volume was an unknown one":   {imagePod(), Server{Release: pss.V1(32)}, restricted(pss.Latest), []pss.ID{"restrictedVolumes"}},
		"since v1.33 it is allowed, however old the pin":    {imagePod(), Server{Release: pss.V1(33)}, restricted(pss.V1(20)), none},
		"v1.34 without the gate exempts no pod":             {usernsPod(), Server{Release: pss.V1(34)}, restricted(pss.Latest), []pss.ID{"runAsNonRoot", "runAsUser"}},
		"v1.34 with the gate exempts it at every version":   {usernsPod(), Server{Release: pss.V1(34), UserNamespacesGate: true}, restricted(pss.V1(23)), none},
		"v1.28 has no gate":                                 {usernsPod(), Server{Release: pss.V1(28), UserNamespacesGate: true}, restricted(pss.Latest), []pss.ID{"runAsNonRoot", "runAsUser"}},
		"v1.35 has none any more, and asks pinned policies": {usernsPod(), Server{Release: pss.V1(35), UserNamespacesGate: true}, restricted(pss.V1(34)), []pss.ID{"runAsNonRoot", "runAsUser"}},
		"v1.35 exempts by version":                          {usernsPod(), Server{Release: pss.V1(35)}, restricted(pss.Latest), none},
		"v1.30 with the gate still asks about procMount":    {procMountPod(), Server{Release: pss.V1(30), UserNamespacesGate: true}, restricted(pss.Latest), []pss.ID{"procMount"}},
		"v1.31 with the gate does not":                      {procMountPod(), Server{Release: pss.V1(31), UserNamespacesGate: true}, restricted(pss.Latest), none},
		"a pin newer than the server means the server's":    {probePod(), Server{Release: pss.V1(33)}, restricted(pss.V1(36)), none},
		"and means itself after the upgrade":                {probePod(), Server{Release: pss.V1(37)}, restricted(pss.V1(36)), []pss.ID{"hostProbesAndHostLifecycle"}},
		"an older pin means itself":                         {probePod(), Server{Release: pss.V1(37)}, restricted(pss.V1(33)), none},
		"an emulated version is what latest means":          {probePod(), Server{Release: pss.V1(37), Emulates: pss.V1(33)}, restricted(pss.Latest), none},
		"privileged asks for nothing":                       {probePod(), Server{Release: pss.V1(37)}, pss.LevelVersion{Level: pss.Privileged, Version: pss.Latest}, none},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := test.pod
			got, err := test.server.Judge(&test.pod, test.policy)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(append([]pss.ID{}, test.want...), append([]pss.ID{}, got...)); diff != "" {
				t.Errorf("controls failed (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, test.pod); diff != "" {
				t.Errorf("judging changed the pod:\n%s", diff)
			}
		})
	}
}

func TestAServerThatIsNotKnownJudgesNothing(t *testing.T) {
	t.Parallel()
	pod := fine()
	for _, release := range []pss.Version{0, oldest - 1, pss.NewestVersion() + 1, pss.Latest} {
		if _, err := (Server{Release: release}).Judge(&pod, pss.LevelVersion{Level: pss.Restricted, Version: pss.Latest}); err == nil {
			t.Errorf("release %s: judged", release)
		}
	}
	if _, err := (Server{Release: oldest}).Judge(&pod, pss.LevelVersion{}); err == nil {
		t.Error("a policy that is none: judged")
	}
}
