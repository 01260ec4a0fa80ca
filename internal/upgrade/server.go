package upgrade

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/pss"
)

// Server is an API server, as far as its Pod Security admission goes.
type Server struct {
	// Release is the minor of the program.
	Release pss.Version
	// Emulates is the older minor that it was told to behave as; the zero Version
	// if it was told nothing.
	Emulates pss.Version
	// UserNamespacesGate says that it runs with the feature gate
	// UserNamespacesPodSecurityStandards, if its release has it.
	UserNamespacesGate bool
}

// ParseServer reads what an API server says of itself: its release, such as
// "v1.33.4+k3s1", and the minor that it behaves as, which it alone states where
// the release cannot be read. It returns the zero Server if neither is known.
func ParseServer(release string, behaves pss.Version) Server {
	major, rest, _ := strings.Cut(release, ".")
	minor := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if minor < 0 {
		minor = len(rest)
	}
	own, err := pss.ParseVersion(major + "." + rest[:minor])
	switch {
	case err != nil || own == pss.Latest:
		return Server{Release: behaves}
	case behaves.Valid() && behaves < own:
		return Server{Release: own, Emulates: behaves}
	}
	return Server{Release: own}
}

// emulation is the first release in which an emulated version is what latest
// means. Those before it emulate too, but judge by their own; the last of them
// leaves out the control that it brought itself.
var emulation = pss.V1(35)

// Latest returns the version of the standard that latest means on the server.
func (s Server) Latest() pss.Version {
	switch {
	case !s.Emulates.Valid() || s.Emulates >= s.Release:
		return s.Release
	case s.Release >= emulation:
		return s.Emulates
	case s.Release == emulation-1:
		return s.Release - 1
	}
	return s.Release
}

// Resolve returns the version by whose rules the server judges when a policy
// asks for v: v itself, or the newest it knows if v is newer.
func (s Server) Resolve(v pss.Version) pss.Version { return min(v, s.Latest()) }

// Judge returns the controls that the pod fails by the policy on the server, in
// message order, none if it is allowed. An error says that the server or the
// policy is none that can be judged by; nothing is allowed then.
func (s Server) Judge(pod *pss.Pod, policy pss.LevelVersion) ([]pss.ID, error) {
	return s.judge(pod, policy, nil)
}

// judge judges as [Server.Judge] does, without what is excepted of the pod that the
// server sees.
func (s Server) judge(pod *pss.Pod, policy pss.LevelVersion, except func(*pss.Pod, pss.Verdict) pss.Verdict) ([]pss.ID, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	seen := s.see(pod)
	verdict, err := pss.Evaluator{Kubernetes: s.Latest()}.Evaluate(seen, policy)
	if err != nil {
		return nil, err
	}
	if except != nil && !verdict.Allowed() {
		verdict = except(seen, verdict)
	}
	failed := verdict.Failed()
	if s.exempts(pod) {
		failed = slices.DeleteFunc(failed, s.exempted)
	}
	return failed, nil
}

// check says whether anything is known of the release.
func (s Server) check() error {
	if s.Release < oldest || s.Release > pss.NewestVersion() {
		return fmt.Errorf("no API server of release %s is known here, only %s to %s", s.Release, oldest, pss.NewestVersion())
	}
	return nil
}

// exempts reports whether the feature gate exempts the pod from some controls.
func (s Server) exempts(pod *pss.Pod) bool {
	return s.UserNamespacesGate && s.Release >= gateAdded && s.Release < gateRemoved && pod.HostUsers.Is(false)
}

// exempted reports whether the control is one that the gate exempts pods from.
func (s Server) exempted(control pss.ID) bool {
	return control == "runAsNonRoot" || control == "runAsUser" || control == "procMount" && s.Release >= gateProcMount
}

// see returns the pod as the server looks at it: the same pod, or a copy without
// what the release does not know.
func (s Server) see(pod *pss.Pod) *pss.Pod {
	seen := pod
	if s.Release < imageVolumes && slices.ContainsFunc(pod.Volumes, fromImage) {
		clone := *seen
		clone.Volumes = slices.Clone(pod.Volumes)
		for i := range clone.Volumes {
			clone.Volumes[i].Sources &^= pss.VolumeImage
		}
		seen = &clone
	}
	if s.Release < appArmorFields && hasAppArmorFields(pod) {
		clone := *seen
		clone.Containers = slices.Clone(pod.Containers)
		clone.SecurityContext.AppArmorProfile = pss.Opt[string]{}
		for i := range clone.Containers {
			clone.Containers[i].SecurityContext.AppArmorProfile = pss.Opt[string]{}
		}
		seen = &clone
	}
	return seen
}

func fromImage(v pss.Volume) bool { return v.Sources&pss.VolumeImage != 0 }

func hasAppArmorFields(pod *pss.Pod) bool {
	return pod.SecurityContext.AppArmorProfile.Set || slices.ContainsFunc(pod.Containers, func(c pss.Container) bool {
		return c.SecurityContext.AppArmorProfile.Set
	})
}

// sourceAt is where a file of upstream's policies is, as of a release.
func sourceAt(minor int, file string) string {
	return fmt.Sprintf("https://github.com/kubernetes/pod-security-admission/blob/v0.%d.0/policy/%s", minor, file)
}
