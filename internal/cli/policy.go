package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// asked is a policy that a pod has to meet, and who asks for it.
type asked struct {
	policy pss.LevelVersion
	from   string
	by     []string // the guards whose floor it is
}

// String names the policy, or the lack of a label for one.
func (a asked) String() string {
	if a.from == report.FromDefault {
		return "no enforce label"
	}
	return a.policy.String()
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
	// configured says that flags come from a configuration instead, which belongs
	// to the input: it cannot go below the floor.
	configured bool
	// floor is a level that the input cannot go below, the zero Level if there
	// is none.
	floor pss.Level
	// namespaces are those with a Namespace object in the input, and labels their
	// labels.
	namespaces map[string]modes
	labels     map[string]map[string]string
}

// strict is what applies where nobody says anything.
func strict() pss.LevelVersion { return pss.LevelVersion{Level: pss.Restricted, Version: pss.Latest} }

// of returns what the pods of a namespace are judged by.
func (p *policies) of(namespace string) modes {
	if p.flags.Level.Valid() && !p.configured {
		return modes{enforce: []asked{{policy: p.flags, from: report.FromFlag}}}
	}
	m, ok := p.namespaces[namespace]
	switch {
	case p.configured:
		m = modes{enforce: []asked{{policy: p.flags, from: report.FromConfig}}}
	case !ok:
		m = modes{enforce: []asked{{policy: strict(), from: report.FromDefault}}}
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
	floor := asked{policy: pss.LevelVersion{Level: level, Version: pss.Latest}, from: report.FromFloor}
	switch {
	case own.policy == floor.policy:
		return []asked{own}
	case own.policy.Level >= level:
		return []asked{own, floor}
	}
	return []asked{floor, own}
}

// addNamespace learns from the labels of a Namespace object and returns what is
// wrong with them, if anything; a policy comes of them all the same. An object
// without a name decides nothing: nothing can be in that namespace yet.
func (p *policies) addNamespace(item *workload.Item) error {
	name := item.Object.Name
	if name == "" {
		return nil
	}
	own, errs := modesOf(item.Labels)
	before, twice := p.namespaces[name]
	if p.namespaces == nil {
		p.namespaces, p.labels = map[string]modes{}, map[string]map[string]string{}
	}
	if before := p.labels[name]; !twice || maps.Equal(before, namespaceLabels(name, item.Labels)) {
		p.labels[name] = namespaceLabels(name, item.Labels)
	} else {
		delete(p.labels, name) // which of them count is not known
	}
	if !twice {
		p.namespaces[name] = own
	} else {
		p.namespaces[name] = before.strictest(own)
	}
	switch {
	case len(errs) > 0:
		return fmt.Errorf("namespace %q: %w", name, errs)
	case twice && own.enforce[0].policy != before.enforce[0].policy:
		return fmt.Errorf("namespace %q is in the input with other Pod Security labels too (%s and %s); the stricter policy applies",
			name, before.enforce[0], own.enforce[0])
	case twice && own.contradicts(before):
		return fmt.Errorf("namespace %q is in the input with other Pod Security labels for warn or audit too; the stricter policies apply", name)
	}
	return nil
}

// modesOf returns what a namespace's labels ask for. Without an enforce label
// it is what applies where nobody says anything: a version label alone says
// nothing, least of all something weaker.
func modesOf(labels map[string]string) (modes, pss.LabelErrors) {
	m := modes{enforce: []asked{{policy: strict(), from: report.FromDefault}}}
	if !hasPolicyLabels(labels) {
		return m, nil
	}
	unlabelled := pss.DefaultPolicy()
	unlabelled.Enforce = strict()
	policy, errs := pss.PolicyFromLabels(labels, unlabelled)
	if _, ok := labels[pss.EnforceLabel]; ok {
		m.enforce[0] = asked{policy: policy.Enforce, from: report.FromNamespace}
	}
	m.warn, m.audit = &policy.Warn, &policy.Audit
	return m, errs
}

// contradicts reports whether both say something about warn or audit, and not
// the same.
func (m modes) contradicts(other modes) bool {
	differ := func(a, b *pss.LevelVersion) bool { return a != nil && b != nil && *a != *b }
	return differ(m.warn, other.warn) || differ(m.audit, other.audit)
}

// strictest returns the stricter policy of each mode. Where both are the same
// it is m's, unless only the other one was asked for.
func (m modes) strictest(other modes) modes {
	a, b := m.enforce[0], other.enforce[0]
	if stricter(b.policy, a.policy) || a.policy == b.policy && a.from == report.FromDefault {
		m.enforce = other.enforce
	}
	mode := func(a, b *pss.LevelVersion) *pss.LevelVersion {
		if a == nil || b != nil && stricter(*b, *a) {
			return b
		}
		return a
	}
	m.warn, m.audit = mode(m.warn, other.warn), mode(m.audit, other.audit)
	return m
}

// stricter orders policies that contradict each other.
func stricter(a, b pss.LevelVersion) bool {
	return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(a.Version, b.Version)) > 0
}

// policyLabels are the labels that Pod Security admission reads.
func policyLabels() []string {
	return []string{
		pss.EnforceLabel, pss.EnforceVersionLabel, pss.AuditLabel, pss.AuditVersionLabel, pss.WarnLabel, pss.WarnVersionLabel,
	}
}

// hasPolicyLabels reports whether a label is one of Pod Security admission's.
func hasPolicyLabels(labels map[string]string) bool {
	return slices.ContainsFunc(policyLabels(), func(key string) bool {
		_, ok := labels[key]
		return ok
	})
}

// isNamespace reports whether the item is a Namespace whose labels can be
// trusted: what is left of a broken one says nothing.
func isNamespace(item *workload.Item) bool {
	return item.Outcome != workload.Broken && item.Object.Kind == "Namespace" && item.Object.APIVersion == "v1"
}
