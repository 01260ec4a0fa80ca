package plan

import (
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/pss"
)

// judge judges each view once for every version.
type judge struct {
	*Options
	levels map[pss.Version]map[*inventory.View]pss.Level
	// before are the versions just before one at which a control changed,
	// newest first, all older than the pinned one.
	before []pss.Version
}

func newJudge(o *Options) *judge {
	return &judge{Options: o, levels: map[pss.Version]map[*inventory.View]pss.Level{}, before: versionsBefore(o.Evaluator.Resolve(o.Pin))}
}

// strictest returns the strictest level that allows the pod at the version.
func (j *judge) strictest(v *inventory.View, version pss.Version) (pss.Level, error) {
	if v.RuntimeClass != "" && j.ExemptRuntimeClass != nil && j.ExemptRuntimeClass(v.RuntimeClass) {
		return pss.Restricted, nil
	}
	version = j.Evaluator.Resolve(version)
	known := j.levels[version]
	if known == nil {
		known = map[*inventory.View]pss.Level{}
		j.levels[version] = known
	}
	if level, ok := known[v]; ok {
		return level, nil
	}
	level, err := j.Evaluator.Strictest(&v.Pod, version)
	if err != nil {
		return 0, err
	}
	known[v] = level
	return level, nil
}

// refuses reports whether a policy refuses the pod.
func (j *judge) refuses(v *inventory.View, lv pss.LevelVersion) (bool, error) {
	level, err := j.strictest(v, lv.Version)
	return level < lv.Level, err
}

// all returns the strictest level that allows all pods of the units.
func (j *judge) all(units []unit, version pss.Version) (pss.Level, error) {
	least := pss.Restricted
	for i := range units {
		for _, v := range units[i].views() {
			level, err := j.strictest(v, version)
			if err != nil {
				return 0, err
			}
			least = min(least, level)
		}
	}
	return least, nil
}

// running returns the strictest level that allows the pods that exist.
func (j *judge) running(units []unit, version pss.Version) (pss.Level, error) {
	least := pss.Restricted
	for i := range units {
		for _, p := range units[i].pods {
			level, err := j.strictest(p.view, version)
			if err != nil {
				return 0, err
			}
			least = min(least, level)
		}
	}
	return least, nil
}
