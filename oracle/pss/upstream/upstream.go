// Package upstream asks k8s.io/pod-security-admission and Gabion the same
// question and puts the two answers into one shape, so that they can be held
// against each other.
package upstream

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/pss"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// Answer is what a judge says of one pod.
type Answer struct {
	Allowed bool
	// Reason and Detail are the aggregates over all controls.
	Reason, Detail string
	// Failed are the controls that the pod fails, in message order.
	Failed []Failure
}

// Failure is one control that a pod fails.
type Failure struct{ ID, Level, Reason, Detail string }

// Equal reports whether two answers are the same to the byte.
func (a Answer) Equal(b Answer) bool {
	return a.Allowed == b.Allowed && a.Reason == b.Reason && a.Detail == b.Detail && slices.Equal(a.Failed, b.Failed)
}

// String writes the answer for a person, with strings quoted.
func (a Answer) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "allowed=%t\n  reason=%q\n  detail=%q\n", a.Allowed, a.Reason, a.Detail)
	for _, f := range a.Failed {
		fmt.Fprintf(&b, "  %s (%s): reason=%q detail=%q\n", f.ID, f.Level, f.Reason, f.Detail)
	}
	return b.String()
}

// Judge is the evaluator of k8s.io/pod-security-admission.
type Judge struct {
	evaluator policy.Evaluator
	checks    []policy.Check
	newest    api.Version
}

// New returns upstream's judge as it stands in an API server that emulates the
// version, or in one of its own version if emulated is nil.
func New(emulated *api.Version) (*Judge, error) {
	j := &Judge{checks: policy.DefaultChecks()}
	evaluator, err := policy.NewEvaluator(j.checks, emulated)
	if err != nil {
		return nil, fmt.Errorf("upstream's evaluator: %w", err)
	}
	j.evaluator = evaluator
	for _, c := range j.checks {
		for _, v := range c.Versions {
			if j.newest.Older(v.MinimumVersion) {
				j.newest = v.MinimumVersion
			}
		}
	}
	if emulated != nil && emulated.Older(j.newest) {
		j.newest = *emulated
	}
	slices.SortFunc(j.checks, func(a, b policy.Check) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return j, nil
}

// Active returns the checks that upstream runs at the level and version, in its
// order, worked out from the checks' own declarations.
func (j *Judge) Active(lv api.LevelVersion) []policy.Check {
	if j.newest.Older(lv.Version) {
		lv.Version = j.newest
	}
	overridden := map[policy.CheckID]bool{}
	levels := map[api.Level][]policy.Check{}
	for _, c := range j.checks {
		revision := -1
		for i, v := range c.Versions {
			if !lv.Older(v.MinimumVersion) {
				revision = i
			}
		}
		if revision < 0 {
			continue
		}
		levels[c.Level] = append(levels[c.Level], c)
		for _, id := range c.Versions[revision].OverrideCheckIDs {
			overridden[id] = true
		}
	}
	switch lv.Level {
	case api.LevelPrivileged:
		return nil
	case api.LevelBaseline:
		return levels[api.LevelBaseline]
	case api.LevelRestricted: // and, as upstream has it, whatever else
	}
	return slices.DeleteFunc(slices.Concat(levels[api.LevelBaseline], levels[api.LevelRestricted]), func(c policy.Check) bool {
		return overridden[c.ID]
	})
}

// Judge asks upstream. The error says that the checks' declarations do not
// explain upstream's results.
func (j *Judge) Judge(lv api.LevelVersion, active []policy.Check, meta *metav1.ObjectMeta, spec *corev1.PodSpec) (Answer, error) {
	results := j.evaluator.EvaluatePod(lv, meta, spec)
	if len(results) != len(active) {
		return Answer{}, fmt.Errorf("%d results of %d checks at %s", len(results), len(active), lv)
	}
	aggregate := policy.AggregateCheckResults(results)
	a := Answer{Allowed: aggregate.Allowed, Reason: aggregate.ForbiddenReason(), Detail: aggregate.ForbiddenDetail()}
	for i, r := range results {
		if !r.Allowed {
			a.Failed = append(a.Failed, Failure{string(active[i].ID), string(active[i].Level), r.ForbiddenReason, r.ForbiddenDetail})
		}
	}
	return a, nil
}

// Gabion puts Gabion's verdict into an Answer.
func Gabion(v pss.Verdict) Answer {
	a := Answer{Allowed: v.Allowed(), Reason: v.Reason(), Detail: v.Detail()}
	for _, x := range v.Violations() {
		a.Failed = append(a.Failed, Failure{string(x.Control), x.Level.String(), x.Reason, x.Detail})
	}
	return a
}

// Version turns Gabion's version into upstream's.
func Version(v pss.Version) api.Version {
	if minor, ok := v.Minor(); ok {
		return api.MajorMinorVersion(1, minor)
	}
	if v == pss.Latest {
		return api.LatestVersion()
	}
	return api.Version{}
}

// LevelVersion turns Gabion's level and version into upstream's.
func LevelVersion(lv pss.LevelVersion) api.LevelVersion {
	return api.LevelVersion{Level: api.Level(lv.Level.String()), Version: Version(lv.Version)}
}
