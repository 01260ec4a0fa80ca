package guard

import (
	"slices"

	"github.com/gabion-security/gabion/pss"
)

// difference is what one policy does not ask of pods that another one asks.
type difference struct {
	// lost are the controls that are not asked for any more, or by an older
	// revision that asks for less.
	lost []pss.ID
	// relaxed are those that the standard itself has relaxed in between.
	relaxed []pss.ID
}

// all returns both, in the order of the catalogue.
func (d difference) all() []pss.ID {
	if len(d.relaxed) == 0 {
		return d.lost
	}
	var all []pss.ID
	for _, c := range pss.Controls() {
		if slices.Contains(d.lost, c.ID) || slices.Contains(d.relaxed, c.ID) {
			all = append(all, c.ID)
		}
	}
	return all
}

// compare compares two policies control by control. Their versions are those by
// which pods are judged, never latest where that is an older one.
func compare(before, after pss.LevelVersion) difference {
	var d difference
	now := asking(after)
	for _, c := range pss.ControlsAt(before) {
		switch {
		case now.overridden[c.ID], now.asksAsMuch(c.ID):
		case !now.asked[c.ID]:
			d.lost = append(d.lost, c.ID)
		case before.Version > after.Version && gains(&c, after.Version, before.Version):
			d.lost = append(d.lost, c.ID)
		case before.Version < after.Version && len(looser(&c, before.Version, after.Version)) > 0:
			d.relaxed = append(d.relaxed, c.ID)
		}
	}
	return d
}

// asks are the controls that a policy asks for, and those that stricter ones
// among them stand in for.
type asks struct {
	policy            pss.LevelVersion
	asked, overridden map[pss.ID]bool
}

func asking(policy pss.LevelVersion) asks {
	a := asks{policy, map[pss.ID]bool{}, map[pss.ID]bool{}}
	for _, c := range pss.ControlsAt(policy) {
		a.asked[c.ID] = true
		if r, ok := c.RevisionAt(policy.Version); ok {
			for _, id := range r.Overrides {
				a.overridden[id] = true
			}
		}
	}
	return a
}

// asksAsMuch reports whether a control is not asked for because another one still
// asks for the same: procMount did until v1.35, for which procMount_restricted
// then took its place.
func (a asks) asksAsMuch(id pss.ID) bool {
	if id != "procMount_restricted" || a.asked[id] || !a.asked["procMount"] {
		return false
	}
	c, _ := pss.LookupControl("procMount")
	r, ok := c.RevisionAt(a.policy.Version)
	return ok && !r.Looser
}

// gains reports whether a revision after one version, up to another, asks for
// more.
func gains(c *pss.Control, after, upTo pss.Version) bool {
	return slices.ContainsFunc(c.Revisions, func(r pss.Revision) bool { return r.Since > after && r.Since <= upTo && !r.Looser })
}

// looser returns the revisions that asked for less than the one before them.
func looser(c *pss.Control, after, upTo pss.Version) []pss.Revision {
	var all []pss.Revision
	for _, r := range c.Revisions {
		if r.Since > after && r.Since <= upTo && r.Looser {
			all = append(all, r)
		}
	}
	return all
}
