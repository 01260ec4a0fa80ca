package plan

import (
	"maps"

	"github.com/gabion-security/gabion/pss"
)

// sixLabels are the labels of a policy.
func sixLabels() []string {
	return []string{
		pss.EnforceLabel, pss.EnforceVersionLabel, pss.AuditLabel, pss.AuditVersionLabel, pss.WarnLabel, pss.WarnVersionLabel,
	}
}

// policyLabels returns those of the six labels that are set.
func policyLabels(labels map[string]string) map[string]string {
	found := map[string]string{}
	for _, key := range sixLabels() {
		if value, ok := labels[key]; ok {
			found[key] = value
		}
	}
	return found
}

// setMode states one mode of a policy in labels.
func setMode(labels map[string]string, level, version string, lv pss.LevelVersion) {
	labels[level], labels[version] = lv.Level.String(), lv.Version.String()
}

// labelsFor returns the labels that enforce a level and announce the target. Warn
// and audit stay on latest, so that they tell of an upgrade before it is one,
// and never ask for less than what stands.
func (j *judge) labelsFor(n *Namespace, enforce pss.LevelVersion) map[string]string {
	labels := map[string]string{}
	setMode(labels, pss.EnforceLabel, pss.EnforceVersionLabel, enforce)
	announce := max(j.Target, enforce.Level)
	setMode(labels, pss.AuditLabel, pss.AuditVersionLabel, pss.LevelVersion{Level: max(announce, n.Current.Audit.Level), Version: pss.Latest})
	setMode(labels, pss.WarnLabel, pss.WarnVersionLabel, pss.LevelVersion{Level: max(announce, n.Current.Warn.Level), Version: pss.Latest})
	return labels
}

// atLeast reports whether a policy asks for no less than another one, the newer
// version of a level counting as more.
func (j *judge) atLeast(lv, other pss.LevelVersion) bool {
	if other.Level == pss.Privileged {
		return true
	}
	return lv.Level >= other.Level && j.Evaluator.Resolve(lv.Version) >= j.Evaluator.Resolve(other.Version)
}

// now decides what is enforced now, and sets the labels for it.
func (j *judge) now(n *Namespace, running pss.Level) (enforce pss.LevelVersion) {
	current := n.Current.Enforce
	n.Labels = map[string]string{}
	switch {
	case n.Exempt, n.OptedOut, n.System && !j.System:
		return current
	case !n.Stated && !j.AllowIncomplete:
		return current // whatever is set might be less than what stands
	case n.Incomplete:
		n.Labels = j.labelsFor(n, current)
		j.leaveEnforced(n)
		n.Change = changes(n.CurrentLabels, n.Labels)
		return current
	}
	enforce = pss.LevelVersion{Level: min(n.Strictest, j.Target), Version: j.Pin}
	if !j.atLeast(enforce, current) {
		n.Kept, enforce = true, j.pinned(current)
	}
	n.Labels = j.labelsFor(n, enforce)
	if enforce.Level == pss.Privileged && !n.Labelled() && j.Assumed && running > pss.Privileged {
		// The defaults may be stricter than assumed: no pod that runs says no.
		j.leaveEnforced(n)
	}
	n.Change = changes(n.CurrentLabels, n.Labels)
	return enforce
}

// pinned is a policy that stays, pinned if that changes nothing today.
func (j *judge) pinned(lv pss.LevelVersion) pss.LevelVersion {
	if lv.Version == pss.Latest && j.Evaluator.Resolve(j.Pin) == j.Evaluator.Resolve(pss.Latest) {
		lv.Version = j.Pin
	}
	return lv
}

// leaveEnforced takes the enforce labels out of what is proposed, unless they
// have to be repaired: an API server refuses to repair only some of the labels.
func (j *judge) leaveEnforced(n *Namespace) {
	for _, e := range n.Invalid {
		if e.Key == pss.EnforceLabel || e.Key == pss.EnforceVersionLabel {
			return
		}
	}
	delete(n.Labels, pss.EnforceLabel)
	delete(n.Labels, pss.EnforceVersionLabel)
}

// changes reports whether setting labels changes anything.
func changes(current, set map[string]string) bool {
	after := maps.Clone(current)
	maps.Copy(after, set)
	return !maps.Equal(current, after)
}
