package plan

import (
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/pss"
)

// judge judges each view once for every version.
type judge struct {
	*Options
	levels map[pss.Version]map[*inventory.View]judged
	except Except // nil if nothing is excepted
	// before are the versions just before one at which a control changed,
	// newest first, all older than the pinned one.
	before []pss.Version
}

func newJudge(o *Options) *judge {
	return &judge{Options: o, levels: map[pss.Version]map[*inventory.View]judged{}, before: versionsBefore(o.Evaluator.Resolve(o.Pin))}
}

// in returns the judge for a namespace: one of its own where something may be
// excepted, as the same view is judged otherwise there.
func (j *judge) in(ns *inventory.Namespace) *judge {
	if j.Exceptions == nil {
		return j
	}
	except := j.Exceptions(ns)
	if except == nil {
		return j
	}
	own := *j
	own.levels, own.except = map[pss.Version]map[*inventory.View]judged{}, except
	return &own
}

// evaluate judges the pod by a policy.
func (j *judge) evaluate(v *inventory.View, lv pss.LevelVersion) (pss.Verdict, error) {
	verdict, err := j.Evaluator.Evaluate(&v.Pod, lv)
	if err == nil && j.except != nil && !verdict.Allowed() {
		verdict = j.except(v, verdict)
	}
	return verdict, err
}

// judged says which levels allow a pod at a version.
type judged struct{ baseline, restricted bool }

// at judges the pod by the levels of a version.
func (j *judge) at(v *inventory.View, version pss.Version) (judged, error) {
	if v.RuntimeClass != "" && j.ExemptRuntimeClass != nil && j.ExemptRuntimeClass(v.RuntimeClass) {
		return judged{true, true}, nil
	}
	version = j.Evaluator.Resolve(version)
	known := j.levels[version]
	if known == nil {
		known = map[*inventory.View]judged{}
		j.levels[version] = known
	}
	if is, ok := known[v]; ok {
		return is, nil
	}
	baseline, err := j.evaluate(v, pss.LevelVersion{Level: pss.Baseline, Version: version})
	if err != nil {
		return judged{}, err
	}
	restricted, err := j.evaluate(v, pss.LevelVersion{Level: pss.Restricted, Version: version})
	if err != nil {
		return judged{}, err
	}
	is := judged{baseline.Allowed(), restricted.Allowed()}
	known[v] = is
	return is, nil
}

// strictest returns the strictest level that allows the pod at the version, and
// that no weaker one contradicts: restricted allows a few Windows pods that
// baseline does not.
func (j *judge) strictest(v *inventory.View, version pss.Version) (pss.Level, error) {
	is, err := j.at(v, version)
	switch {
	case err != nil:
		return 0, err
	case !is.baseline:
		return pss.Privileged, nil
	case !is.restricted:
		return pss.Baseline, nil
	}
	return pss.Restricted, nil
}

// refuses reports whether a policy refuses the pod.
func (j *judge) refuses(v *inventory.View, lv pss.LevelVersion) (bool, error) {
	if lv.Level == pss.Privileged {
		return false, nil
	}
	is, err := j.at(v, lv.Version)
	if lv.Level == pss.Baseline {
		return !is.baseline, err
	}
	return !is.restricted, err
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
