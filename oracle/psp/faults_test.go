package psp

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	v1beta1 "k8s.io/api/policy/v1beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/apis/policy"
	policyv1beta1 "k8s.io/kubernetes/pkg/apis/policy/v1beta1"
	"k8s.io/kubernetes/pkg/apis/policy/validation"

	"github.com/gabion-security/gabion/internal/psp"
)

// spoil changes a policy in ways of which some make it wrong.
func (r random) spoil(p *v1beta1.PodSecurityPolicy) {
	s := &p.Spec
	bad := pick(r, v1beta1.IDRange{Min: 9, Max: 1}, v1beta1.IDRange{Min: -1, Max: 1}, v1beta1.IDRange{Min: 1, Max: 2})
	for _, spoil := range []func(){
		func() { s.RunAsUser.Ranges = append(s.RunAsUser.Ranges, bad) },
		func() {
			s.RunAsUser.Rule = pick[v1beta1.RunAsUserStrategy](r, "", "MayRunAs", "mustrunas", "MustRunAs")
		},
		func() { s.FSGroup.Ranges = append(s.FSGroup.Ranges, bad) },
		func() {
			s.FSGroup.Rule = pick[v1beta1.FSGroupStrategyType](r, "", "MustRunAsNonRoot", "RunAsAny", "MayRunAs")
		},
		func() {
			s.SupplementalGroups.Rule = pick[v1beta1.SupplementalGroupsStrategyType](r, "", "any", "MustRunAs")
		},
		func() {
			s.RunAsGroup = &v1beta1.RunAsGroupStrategyOptions{Rule: pick[v1beta1.RunAsGroupStrategy](r, "", "Any", "MayRunAs")}
		},
		func() { s.SELinux.Rule = pick[v1beta1.SELinuxStrategy](r, "", "MayRunAs", "RunAsAny") },
		func() { s.Volumes = append(s.Volumes, pick[v1beta1.FSType](r, "none", "hostpath", "image", "secret")) },
		func() { s.AllowedCapabilities = append(s.AllowedCapabilities, pick(r, capabilities()...)) },
		func() { s.RequiredDropCapabilities = append(s.RequiredDropCapabilities, pick(r, capabilities()...)) },
		func() {
			s.DefaultAllowPrivilegeEscalation, s.AllowPrivilegeEscalation = new(r.one(2)), maybe(r, true, false)
		},
		func() {
			s.AllowedHostPaths = append(s.AllowedHostPaths, v1beta1.AllowedHostPath{PathPrefix: pick(r, "", "/a/../b", "..", "/a..b")})
		},
		func() {
			s.AllowedProcMountTypes = append(s.AllowedProcMountTypes, pick[corev1.ProcMountType](r, "", "Masked", "Default"))
		},
		func() { s.AllowedUnsafeSysctls = some(r, 2, badSysctls()...) },
		func() { s.ForbiddenSysctls = some(r, 2, badSysctls()...) },
		func() {
			s.RuntimeClass = &v1beta1.RuntimeClassStrategyOptions{AllowedRuntimeClassNames: some(r, 3, "a", "b", "*", "A", "a b"), DefaultRuntimeClassName: maybe(r, "a", "-")}
		},
		func() { s.RunAsGroup.Ranges = append(s.RunAsGroup.Ranges, bad) },
		func() {
			s.AllowedFlexVolumes = append(s.AllowedFlexVolumes, v1beta1.AllowedFlexVolume{Driver: pick(r, "", "a b", "a/b")})
		},
		func() {
			s.AllowedCSIDrivers = append(s.AllowedCSIDrivers, v1beta1.AllowedCSIDriver{
				Name: pick(r, "", "CSI.A", "a b", "a_b", strings.Repeat("a", 63), strings.Repeat("a", 64)),
			})
		},
		func() {
			p.Name = pick(r, "", "A", "a b", "a.b", "a.-b", strings.Repeat("a", 64), strings.Repeat("a", 254))
		},
		func() { p.Annotations[seccompDefault] = r.badProfiles(1) },
		func() { p.Annotations[seccompAllowed] = r.badProfiles(3) },
		func() { p.Annotations[appArmorDefault] = r.badProfiles(2) },
		func() { p.Annotations[appArmorAllowed] = r.badProfiles(3) },
	} {
		if s.RunAsGroup == nil {
			s.RunAsGroup = &v1beta1.RunAsGroupStrategyOptions{Rule: v1beta1.RunAsGroupStrategyRunAsAny}
		}
		if r.one(12) {
			spoil()
		}
	}
}

func badSysctls() []string {
	return []string{
		"kernel.sem", "kernel.msg*", "kernel.s*", "kernel.msgmax", "*", "net.core.somaxconn", "net.*", "", "a b", "kernel/sem", "kernel.*.sem", "Kernel.sem",
		"kernel.sem.", "kernel.-sem", strings.Repeat("a", 253), strings.Repeat("a", 254),
	}
}

// badProfiles names profiles of seccomp or AppArmor, or nearly so.
func (r random) badProfiles(atMost int) string {
	return strings.Join(some(r, atMost, "runtime/default", "runtime/defaults", "docker/default", "unconfined", "localhost/a", "localhost/", "localhost//a",
		"localhost/../a", "localhost/a/..", "localhost/a..b", "*", "", " runtime/default", "bogus"), ",")
}

// refusedBy returns what Kubernetes' API server had to say against a policy.
func refusedBy(t *testing.T, text []byte) field.ErrorList {
	t.Helper()
	p, internal := new(v1beta1.PodSecurityPolicy), new(policy.PodSecurityPolicy)
	if err := json.Unmarshal(text, p); err != nil {
		t.Fatal(err)
	}
	policyv1beta1.SetObjectDefaults_PodSecurityPolicy(p)
	if err := policyv1beta1.Convert_v1beta1_PodSecurityPolicy_To_policy_PodSecurityPolicy(p, internal, nil); err != nil {
		t.Fatal(err)
	}
	return validation.ValidatePodSecurityPolicy(internal)
}

// sentences are the API server's, with the paths that it meant.
func sentences(errs field.ErrorList) map[string]bool {
	meant := strings.NewReplacer("spec.allowedFlexVolumes.allowedFlexVolumes[", "spec.allowedFlexVolumes[",
		"spec.allowedCSIDrivers.allowedCSIDriver[", "spec.allowedCSIDrivers[", "Sysctls.items: ", "Sysctls: ")
	all := map[string]bool{}
	for _, err := range errs {
		all[meant.Replace(err.Error())] = true
	}
	return all
}

// borrowed are the beginnings of sentences that are the API server's.
var borrowed = regexp.MustCompile(`^[^ ]+: (Invalid value|Required value|Forbidden|Too long|Duplicate value)\b`)

func TestAPolicyIsRefusedExactlyIfTheAPIServerRefusedIt(t *testing.T) {
	t.Parallel()
	s := newTrial(t, 10_000)
	refused, same := uint64(0), uint64(0)
	for n := s.first; n < s.first+s.count && !t.Failed(); n++ {
		r := newRandom(s.seed, n^1<<62)
		p := r.policy()
		r.spoil(p)
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		theirs := refusedBy(t, text)
		_, _, ours := psp.Parse(text)
		strategies := strings.Contains(errorText(ours), "ranges: is empty") || strings.Contains(errorText(ours), "seLinuxOptions: is missing")
		switch {
		case ours == nil && len(theirs) > 0:
			t.Errorf("%s\nis taken, but the API server refused it: %s", text, theirs.ToAggregate())
		case ours != nil && len(theirs) == 0 && !strategies: // those the API took, and the plugin refused
			t.Errorf("%s\nis refused, but the API server took it: %s", text, ours)
		case ours != nil:
			refused++
		}
		all := sentences(theirs)
		for line := range strings.Lines(errorText(ours)) {
			line = strings.TrimSuffix(line, "\n")
			if !borrowed.MatchString(line) {
				continue
			}
			if same++; !all[line] {
				t.Errorf("%s\nis refused with %s\nthe API server said %q", text, line, keys(all))
			}
		}
		if t.Failed() {
			t.Logf("again: GABION_SEED=%d GABION_FIRST=%d GABION_COUNT=1", s.seed, n)
		}
	}
	t.Log(refused, same)
	if s.count > 1_000 && !t.Failed() && (refused*10 < s.count || refused*10 > s.count*9 || same < refused/4) {
		t.Errorf("the policies are too much alike: %d are refused, with %d sentences of the API server", refused, same)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
