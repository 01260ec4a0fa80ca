package plan

import (
	"slices"

	"github.com/gabion-security/gabion/pss"
)

// versionsBefore returns the versions before one at which a control changed up
// to the newest, which is left out: newest first.
func versionsBefore(newest pss.Version) []pss.Version {
	var found []pss.Version
	for _, c := range pss.Controls() {
		for _, r := range c.Revisions {
			minor, ok := r.Since.Minor()
			if v := pss.V1(minor - 1); ok && minor > 0 && v < newest && !slices.Contains(found, v) {
				found = append(found, v)
			}
		}
	}
	slices.Sort(found)
	slices.Reverse(found)
	return found
}

// older returns the levels between strictest and the target that the units meet
// at an older version: the newest such version of each.
func (j *judge) older(units []unit, strictest pss.Level) ([]Older, error) {
	var found []Older
	for level := strictest + 1; level <= j.Target; level++ {
		for _, version := range j.before {
			lv := pss.LevelVersion{Level: level, Version: version}
			met, err := j.meet(units, lv)
			if err != nil {
				return nil, err
			}
			if met {
				found = append(found, Older{Enforce: lv, Without: lost(lv, pss.LevelVersion{Level: level, Version: j.Evaluator.Resolve(j.Pin)})})
				break
			}
		}
	}
	return found, nil
}

// meet reports whether all pods of the units meet a policy.
func (j *judge) meet(units []unit, lv pss.LevelVersion) (bool, error) {
	for i := range units {
		for _, v := range units[i].views() {
			if refused, err := j.refuses(v, lv); refused || err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

// lost returns the controls of a policy that an older version of it does not
// have, or has in another revision.
func lost(older, newer pss.LevelVersion) []pss.ID {
	var ids []pss.ID
	before := pss.ControlsAt(older)
	for _, c := range pss.ControlsAt(newer) {
		is, _ := c.RevisionAt(newer.Version)
		i := slices.IndexFunc(before, func(b pss.Control) bool { return b.ID == c.ID })
		if i >= 0 {
			if was, _ := before[i].RevisionAt(older.Version); was.Since == is.Since {
				continue
			}
		}
		ids = append(ids, c.ID)
	}
	return ids
}
