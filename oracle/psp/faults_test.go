package psp

import (
	"encoding/json"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	v1beta1 "k8s.io/api/policy/v1beta1"
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
		func() { s.AllowedUnsafeSysctls = some(r, 2, "kernel.sem", "kernel.msg*", "*", "net.core.somaxconn") },
		func() { s.ForbiddenSysctls = some(r, 2, "kernel.s*", "kernel.msgmax", "*", "net.*") },
		func() {
			s.RuntimeClass = &v1beta1.RuntimeClassStrategyOptions{AllowedRuntimeClassNames: some(r, 2, "a", "b", "*"), DefaultRuntimeClassName: maybe(r, "a")}
		},
	} {
		if r.one(6) {
			spoil()
		}
	}
}

// refusedBy returns what Kubernetes' API server had to say against a policy.
func refusedBy(t *testing.T, text []byte) string {
	t.Helper()
	p, internal := new(v1beta1.PodSecurityPolicy), new(policy.PodSecurityPolicy)
	if err := json.Unmarshal(text, p); err != nil {
		t.Fatal(err)
	}
	policyv1beta1.SetObjectDefaults_PodSecurityPolicy(p)
	if err := policyv1beta1.Convert_v1beta1_PodSecurityPolicy_To_policy_PodSecurityPolicy(p, internal, nil); err != nil {
		t.Fatal(err)
	}
	if errs := validation.ValidatePodSecurityPolicySpec(&internal.Spec, nil); len(errs) > 0 {
		return errs.ToAggregate().Error()
	}
	return ""
}

// beyondUs are refusals that policies are not read for: they mean nothing else
// than they seem to.
func beyondUs(refusal string) bool {
	return strings.Contains(refusal, "Ranges must be empty") || strings.Contains(refusal, "if '*' is present") ||
		strings.Contains(refusal, "Duplicate value")
}

func TestAPolicyIsRefusedExactlyIfTheAPIServerRefusedIt(t *testing.T) {
	t.Parallel()
	s := newTrial(t, 10_000)
	refused := uint64(0)
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
		case ours == nil && theirs != "" && !beyondUs(theirs):
			t.Errorf("%s\nis taken, but the API server refused it: %s", text, theirs)
		case ours != nil && theirs == "" && !strategies: // those the API took, and the plugin refused
			t.Errorf("%s\nis refused, but the API server took it: %s", text, ours)
		case ours != nil:
			refused++
		}
		if t.Failed() {
			t.Logf("again: GABION_SEED=%d GABION_FIRST=%d GABION_COUNT=1", s.seed, n)
		}
	}
	if s.count > 1_000 && !t.Failed() && (refused*10 < s.count || refused*10 > s.count*9) {
		t.Errorf("the policies are too much alike: %d are refused", refused)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
