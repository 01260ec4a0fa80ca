package psp

import (
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Convert returns the profile that means the same as the policy: a pod meets it
// exactly if the policy admits the pod without changing it. The error says, in
// one line each, what a profile has no words for.
func (p *Policy) Convert() (*v1alpha1.PodSecurityProfile, error) {
	base, err := p.base()
	if err != nil {
		return nil, err
	}
	c := conversion{Policy: p}
	to := &v1alpha1.PodSecurityProfile{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion().String(), Kind: v1alpha1.KindPodSecurityProfile},
		ObjectMeta: metav1.ObjectMeta{Name: p.Name},
		Spec: v1alpha1.PodSecurityProfileSpec{
			Base: base,
			// Policies asked of Windows pods all that they asked of others.
			WindowsPods:       v1alpha1.WindowsJudged,
			ContainerControls: c.containers(), PodControls: c.pods(), VolumeControls: c.volumes(),
		},
	}
	return to, errors.Join(c.errs...)
}

// base is the strictest level that all pods pass which the policy admits, and
// the newest version at which they do.
func (p *Policy) base() (v1alpha1.Base, error) {
	pod, err := view(p.Loosest())
	if err != nil {
		return v1alpha1.Base{}, err
	}
	for version := pss.NewestVersion(); version >= pss.V1(0); version-- {
		level, err := pss.Evaluator{}.Strictest(pod, version)
		if err != nil {
			return v1alpha1.Base{}, fmt.Errorf("judging the loosest pod: %w", err)
		}
		if level > pss.Privileged {
			return v1alpha1.Base{Level: v1alpha1.Level(level.String()), Version: version.String()}, nil
		}
	}
	return v1alpha1.Base{Level: v1alpha1.Level(pss.Privileged.String())}, nil
}

// conversion converts a policy and collects what cannot be.
type conversion struct {
	*Policy

	errs []error
}

func (c *conversion) fail(field, format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("%s: %s", field, fmt.Sprintf(format, args...)))
}

// forbids is what is not allowed.
func forbids(allowed bool) v1alpha1.Forbidden {
	if allowed {
		return ""
	}
	return v1alpha1.IsForbidden
}

// containers converts what the policy asks of containers.
func (c *conversion) containers() v1alpha1.ContainerControls {
	s := &c.Spec
	to := v1alpha1.ContainerControls{
		PrivilegedContainers:     forbids(s.Privileged),
		UserIDs:                  c.users(),
		RequiredDropCapabilities: c.capabilities("requiredDropCapabilities", s.RequiredDropCapabilities),
		StatedCapabilities:       c.capabilities("defaultAddCapabilities", s.DefaultAddCapabilities),
		AllowedHostPorts:         s.hostPorts(),
		SeccompProfiles:          c.seccompProfiles(),
		AppArmorProfiles:         c.appArmorProfiles(),
	}
	if s.RunAsGroup != nil {
		to.GroupIDs = c.groups("runAsGroup", s.RunAsGroup)
	}
	if s.ReadOnlyRootFilesystem {
		to.ReadOnlyRootFilesystem = v1alpha1.IsRequired
	}
	switch {
	case !s.EscalationAllowed():
		to.PrivilegeEscalation = v1alpha1.EscalationForbidden
	case s.DefaultAllowPrivilegeEscalation != nil:
		to.PrivilegeEscalation = v1alpha1.EscalationStated // a pod that does not say is changed
	}
	if !slices.Contains(s.AllowedCapabilities, allCapabilities) {
		both := slices.Concat(s.AllowedCapabilities, s.DefaultAddCapabilities)
		to.AllowedCapabilities = &v1alpha1.Allowed{Allowed: c.capabilities("allowedCapabilities", both)}
	}
	if s.SELinux.Rule == MustRunAs {
		o := s.SELinux.Options
		to.SELinuxContexts = &v1alpha1.SELinux{
			Allowed:  []v1alpha1.SELinuxOptions{{User: o.User, Role: o.Role, Type: o.Type, Level: o.Level}},
			Required: v1alpha1.Pod,
		}
	}
	mounts := s.AllowedProcMountTypes
	if len(mounts) == 0 {
		mounts = []corev1.ProcMountType{corev1.DefaultProcMount}
	}
	if !slices.Contains(mounts, corev1.DefaultProcMount) || !slices.Contains(mounts, corev1.UnmaskedProcMount) {
		to.ProcMountTypes = &v1alpha1.Allowed{Allowed: names(mounts)}
	}
	return to
}

// pods converts what the policy asks of pods as a whole.
func (c *conversion) pods() v1alpha1.PodControls {
	s := &c.Spec
	to := v1alpha1.PodControls{
		FSGroups:           c.groups("fsGroup", &s.FSGroup),
		SupplementalGroups: c.groups("supplementalGroups", &s.SupplementalGroups),
		HostNetwork:        forbids(s.HostNetwork), HostPID: forbids(s.HostPID), HostIPC: forbids(s.HostIPC),
		ForbiddenSysctls: names(s.ForbiddenSysctls),
	}
	if !slices.Contains(s.AllowedUnsafeSysctls, "*") {
		to.AllowedSysctls = &v1alpha1.Allowed{Allowed: names(slices.Concat(safeSysctls(), s.AllowedUnsafeSysctls))}
	}
	if r := s.RuntimeClass; r != nil && (r.Default != nil || !slices.Contains(r.Allowed, "*")) {
		to.RuntimeClasses = &v1alpha1.RuntimeClasses{Allowed: names(r.Allowed), Required: r.Default != nil}
	}
	return to
}

// names returns a list as texts, each once.
func names[T ~string](list []T) []string {
	var unique []string
	for _, name := range list {
		if text := string(name); text != "" && !slices.Contains(unique, text) {
			unique = append(unique, text)
		}
	}
	return unique
}
