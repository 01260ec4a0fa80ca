package cli

import (
	"cmp"
	"fmt"

	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// asked is a policy that a pod has to meet, and who asks for it.
type asked struct {
	policy pss.LevelVersion
	from   string
}

// modes are the policies that apply to the pods of a namespace.
type modes struct {
	// enforce are all to be met, the one to show first coming first.
	enforce []asked
	// warn and audit are nil where the namespace says nothing about them.
	warn, audit *pss.LevelVersion
}

// policies decides by which policy a namespace's pods are judged.
type policies struct {
	// flags is what the command line asks for; its zero Level leaves the
	// decision to the input.
	flags pss.LevelVersion
	// floor is a level that the input cannot go below, the zero Level if there
	// is none.
	floor pss.Level
	// namespaces are those whose Namespace object has Pod Security labels.
	namespaces map[string]modes
}

// strict is what applies where nobody says anything.
func strict() pss.LevelVersion { return pss.LevelVersion{Level: pss.Restricted, Version: pss.Latest} }

// of returns what the pods of a namespace are judged by.
func (p *policies) of(namespace string) modes {
	if p.flags.Level.Valid() {
		return modes{enforce: []asked{{p.flags, report.FromFlag}}}
	}
	m, ok := p.namespaces[namespace]
	if !ok {
		m = modes{enforce: []asked{{strict(), report.FromDefault}}}
	}
	if p.floor.Valid() {
		m.enforce = aboveFloor(m.enforce[0], p.floor)
	}
	return m
}

// aboveFloor adds the floor to what the input asks for. Neither contains the
// other for sure, because another version may ask for more or for less: both
// are to be met. The stricter level is shown first, the namespace's own if they
// are equal.
func aboveFloor(own asked, level pss.Level) []asked {
	floor := asked{pss.LevelVersion{Level: level, Version: pss.Latest}, report.FromFloor}
	switch {
	case own.policy == floor.policy:
		return []asked{own}
	case own.policy.Level >= level:
		return []asked{own, floor}
	}
	return []asked{floor, own}
}

// addNamespace learns from the labels of a Namespace object and returns what is
// wrong with them, if anything; a policy comes of them all the same.
func (p *policies) addNamespace(item *workload.Item) error {
	if !hasPolicyLabels(item.Labels) {
		return nil
	}
	unlabelled := pss.DefaultPolicy()
	unlabelled.Enforce = strict()
	policy, errs := pss.PolicyFromLabels(item.Labels, unlabelled)
	own := asked{policy.Enforce, report.FromNamespace}
	if _, ok := item.Labels[pss.EnforceLabel]; !ok {
		// A version label alone says nothing, least of all something weaker.
		own = asked{strict(), report.FromDefault}
	}
	name := item.Object.Name
	m := modes{enforce: []asked{own}, warn: &policy.Warn, audit: &policy.Audit}
	before, twice := p.namespaces[name]
	if p.namespaces == nil {
		p.namespaces = map[string]modes{}
	}
	if !twice || stricter(own.policy, before.enforce[0].policy) {
		p.namespaces[name] = m
	}
	switch {
	case len(errs) > 0:
		return fmt.Errorf("namespace %q: %w", name, errs)
	case twice && own.policy != before.enforce[0].policy:
		return fmt.Errorf("namespace %q is in the input with other Pod Security labels too (%s and %s); the stricter policy applies",
			name, before.enforce[0].policy, own.policy)
	}
	return nil
}

// stricter orders policies that contradict each other.
func stricter(a, b pss.LevelVersion) bool {
	return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(a.Version, b.Version)) > 0
}

// hasPolicyLabels reports whether a label is one of Pod Security admission's.
func hasPolicyLabels(labels map[string]string) bool {
	for _, key := range []string{
		pss.EnforceLabel, pss.EnforceVersionLabel, pss.AuditLabel, pss.AuditVersionLabel, pss.WarnLabel, pss.WarnVersionLabel,
	} {
		if _, ok := labels[key]; ok {
			return true
		}
	}
	return false
}

// isNamespace reports whether the object is a Namespace.
func isNamespace(item *workload.Item) bool {
	return item.Object.Kind == "Namespace" && item.Object.APIVersion == "v1"
}
