package psp

import (
	"maps"
	"slices"
)

// Document is a policy as an object of the API.
type Document struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   Metadata `json:"metadata"`
	Spec       Spec     `json:"spec"`
}

// Metadata is the metadata of a [Document].
type Metadata struct {
	Name        string            `json:"name"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// Document returns the policy as an object of the API, without what kubectl keeps
// in an annotation of it.
func (p *Policy) Document() Document {
	annotations := maps.Clone(p.Annotations)
	delete(annotations, "kubectl.kubernetes.io/last-applied-configuration")
	return Document{APIVersion: "policy/v1beta1", Kind: Kind, Metadata: Metadata{Name: p.Name, Annotations: annotations}, Spec: p.Spec}
}

// Simplification is a setting that the Pod Security Standards have nothing for.
type Simplification struct {
	Setting // as it was

	// Kept says that it is still there: it changes pods, too.
	Kept bool
	// Why says in words what it is.
	Why string
	// Then says in words what the copy admits that the policy does not, empty if the
	// setting only changes pods, or limits what the policy does not allow at all.
	Then string
}

// Why a setting has no place beside the standard.
const (
	onlyMutates = "it only changes pods"
	noOpinion   = "no level has an opinion on it"
)

// Simplify returns a copy of the policy under another name, without the settings
// that the Pod Security Standards have nothing for: those that only change pods,
// and those that no level has an opinion on. Of the latter, those that change
// pods as well are left out only if all is set: pods may depend on them. The
// copy admits unchanged whatever the policy does, and what those without an opinion
// were there to refuse.
func (p *Policy) Simplify(name string, all bool) (*Policy, []Simplification) {
	s := simplifying{Policy: &Policy{Name: name, Annotations: maps.Clone(p.Annotations), Spec: p.Spec}, from: p, all: all}
	s.mutators()
	s.noOpinion()
	return s.Policy, s.found
}

// simplifying changes the copy step by step.
type simplifying struct {
	*Policy

	from  *Policy
	all   bool
	found []Simplification
}

// drop takes a setting that was there from the copy.
func (s *simplifying) drop(field, why string, there bool, remove func(*Spec)) {
	s.loosen(field, why, "", there, remove)
}

// loosen drops a setting, and says what is admitted then.
func (s *simplifying) loosen(field, why, then string, there bool, remove func(*Spec)) {
	if there {
		remove(&s.Spec)
		s.found = append(s.found, Simplification{Setting: Setting{Field: field, Value: s.from.value(field)}, Why: why, Then: then})
	}
}

// ifVolumes is a text if the policy allows volumes of a kind.
func (s *simplifying) ifVolumes(kind, text string) string {
	if slices.Contains(s.from.Spec.Volumes, kind) || slices.Contains(s.from.Spec.Volumes, "*") {
		return text
	}
	return ""
}

// mutators drops what only changes pods.
func (s *simplifying) mutators() {
	s.drop("defaultAddCapabilities", "it changes pods; what it adds is merged into allowedCapabilities", len(s.Spec.DefaultAddCapabilities) > 0,
		func(to *Spec) {
			if !slices.Contains(to.AllowedCapabilities, allCapabilities) {
				to.AllowedCapabilities = unique(slices.Concat(to.AllowedCapabilities, to.DefaultAddCapabilities))
			}
			to.DefaultAddCapabilities = nil
		})
	s.drop("defaultAllowPrivilegeEscalation", onlyMutates, s.Spec.DefaultAllowPrivilegeEscalation != nil,
		func(to *Spec) { to.DefaultAllowPrivilegeEscalation = nil })
	bare := ""
	if p := s.from.seccomp(); p.allows("") && !p.allows(s.from.Annotations[seccompDefault]) {
		bare = "pods without a seccomp profile, which get one now that the policy refuses"
	}
	for _, a := range []struct{ key, then string }{{seccompDefault, bare}, {appArmorDefault, ""}} {
		_, there := s.Annotations[a.key]
		s.loosen("metadata.annotations["+a.key+"]", onlyMutates, a.then, there, func(*Spec) { delete(s.Annotations, a.key) })
	}
}

// noOpinion drops what no level has an opinion on.
func (s *simplifying) noOpinion() {
	spec := &s.Spec
	s.loosen("allowedHostPaths", noOpinion, s.ifVolumes("hostPath", "every path of the node, writable"), len(spec.AllowedHostPaths) > 0, func(to *Spec) { to.AllowedHostPaths = nil })
	s.loosen("allowedFlexVolumes", noOpinion, s.ifVolumes("flexVolume", "every FlexVolume driver"), len(spec.AllowedFlexVolumes) > 0, func(to *Spec) { to.AllowedFlexVolumes = nil })
	s.loosen("allowedCSIDrivers", noOpinion, s.ifVolumes("csi", "every CSI driver"), len(spec.AllowedCSIDrivers) > 0, func(to *Spec) { to.AllowedCSIDrivers = nil })
	s.loosen("forbiddenSysctls", noOpinion, "the sysctls that it forbids", len(spec.ForbiddenSysctls) > 0, func(to *Spec) { to.ForbiddenSysctls = nil })
	classes := ""
	if r := spec.RuntimeClass; r != nil && !slices.Contains(r.Allowed, "*") {
		classes = "every runtime class"
	}
	s.loosen("runtimeClass", noOpinion, classes, spec.RuntimeClass != nil, func(to *Spec) { to.RuntimeClass = nil })
	if g := spec.RunAsGroup; g != nil {
		s.dropOrKeep("runAsGroup", "every group to run as", g.Rule != RunAsAny, g.Rule == MustRunAs, func(to *Spec) { to.RunAsGroup = nil })
	}
	for _, g := range []struct {
		field, then string
		ids         *IDs
	}{{"supplementalGroups", "every supplemental group", &spec.SupplementalGroups}, {"fsGroup", "every group of volumes", &spec.FSGroup}} {
		s.dropOrKeep(g.field, g.then, g.ids.Rule != RunAsAny, g.ids.Rule == MustRunAs, func(*Spec) { *g.ids = IDs{Rule: RunAsAny} })
	}
	s.dropOrKeep("readOnlyRootFilesystem", "root filesystems that can be written", spec.ReadOnlyRootFilesystem, true, func(to *Spec) { to.ReadOnlyRootFilesystem = false })
}

// dropOrKeep drops a setting that no level has an opinion on, unless it changes
// pods.
func (s *simplifying) dropOrKeep(field, then string, there, mutates bool, remove func(*Spec)) {
	switch {
	case !there:
	case mutates && !s.all:
		s.found = append(s.found, Simplification{
			Setting: Setting{Field: field, Value: s.from.value(field)}, Kept: true, Why: noOpinion + ", but it changes pods, which may depend on it",
		})
	case mutates:
		s.loosen(field, noOpinion+", and it changes pods", then, true, remove)
	default:
		s.loosen(field, noOpinion, then, true, remove)
	}
}

// unique returns a list with each value once.
func unique[T comparable](list []T) []T {
	var once []T
	for _, v := range list {
		if !slices.Contains(once, v) {
			once = append(once, v)
		}
	}
	return once
}
