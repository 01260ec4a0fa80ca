package plan

import (
	"errors"
	"fmt"
	"time"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// Options say what is planned, and by which rules.
type Options struct {
	Evaluator pss.Evaluator
	// Target is the level that namespaces are brought to.
	Target pss.Level
	// Pin is the version that enforced levels get.
	Pin pss.Version
	// Defaults are the policy of namespaces without labels; Assumed says that
	// nobody knows whether the API server has the same.
	Defaults pss.Policy
	Assumed  bool
	// ExemptNamespace and ExemptRuntimeClass say what the API server does not
	// judge. Nil stands for nothing.
	ExemptNamespace, ExemptRuntimeClass func(name string) bool
	// Exceptions returns what takes from a verdict what is excepted in a
	// namespace, nil if nothing is there. Nil excepts nothing anywhere.
	Exceptions func(*inventory.Namespace) Except
	// Floors returns what pods of a namespace have to meet whatever its labels say,
	// and what takes from a verdict by that what is excepted, nil if nothing is. Nil
	// is no floors anywhere.
	Floors func(*inventory.Namespace) ([]Floor, Except)
	// Profiles returns the profiles that pods of a namespace have to meet. Nil is none
	// anywhere.
	Profiles func(*inventory.Namespace) []Profile
	// Select chooses namespaces; nil chooses all.
	Select func(*inventory.Namespace) bool
	// System proposes labels for the system's namespaces too.
	System bool
	// AllowIncomplete proposes levels even where not everything was seen,
	// AllowUnchecked where something may hold pods that could not be judged.
	AllowIncomplete, AllowUnchecked bool
	// Observed is what an audit log shows, nil for none.
	Observed *AuditLog
}

// check says whether anything can be planned by the options.
func (o *Options) check() error {
	if !o.Target.Valid() {
		return pss.ErrLevel
	}
	for _, v := range []pss.Version{o.Pin, o.Defaults.Enforce.Version, o.Defaults.Audit.Version, o.Defaults.Warn.Version} {
		if !v.Valid() {
			return pss.ErrVersion
		}
	}
	for _, lv := range []pss.LevelVersion{o.Defaults.Enforce, o.Defaults.Audit, o.Defaults.Warn} {
		if !lv.Level.Valid() {
			return pss.ErrLevel
		}
	}
	return nil
}

// Except takes from a verdict on a view what is excepted.
type Except func(*inventory.View, pss.Verdict) pss.Verdict

// Floor is what pods have to meet by the guards that are named.
type Floor struct {
	Policy pss.LevelVersion
	Guards []string
}

// Plan is what to do, namespace by namespace.
type Plan struct {
	Namespaces []Namespace
	// Gaps are what was not seen and may be in any namespace, one line each.
	Gaps []string
}

// Namespace is one namespace: how it stands, what to do now and what later.
type Namespace struct {
	Name string
	// System, Exempt and OptedOut say why nothing is proposed, if nothing is.
	System, Exempt, OptedOut bool
	// Stated says that the Namespace itself was seen, and so its labels.
	Stated bool
	// Current is the policy in force, CurrentLabels the six labels as far as
	// they are set, and Invalid those of them that make no sense.
	Current       pss.Policy
	CurrentLabels map[string]string
	Invalid       pss.LabelErrors
	// Strictest is the strictest level at the pinned version that everything
	// meets which was seen.
	Strictest pss.Level
	// Gaps are what was not seen in the namespace.
	Gaps []string
	// Incomplete says that there are gaps, here or everywhere, and that no
	// level is proposed for them.
	Incomplete bool
	// Labels are what the six labels are to be now, as far as they are to be
	// set. Change says that this is not how they stand.
	Labels map[string]string
	Change bool
	// Kept says that what is enforced stays, although it is more than what
	// everything meets.
	Kept bool
	// Floors are what pods have to meet beside the policy in force.
	Floors []Floor
	// Profiles are those that pods have to meet, too.
	Profiles []Profile
	// AtRisk are the workloads whose pods the policy in force, a floor or a profile
	// refuses.
	AtRisk []Blocker
	// Steps are the levels that come later, the next one first.
	Steps []Step
	// Older are levels above Strictest that everything would meet at an older
	// version.
	Older []Older
	// Shown is another policy that the audit log shows to be enforced, if any.
	Shown pss.LevelVersion
	// Pods and Workloads are how many there are.
	Pods, Workloads int
}

// Done reports whether the target is enforced and nothing is left to do.
func (n *Namespace) Done() bool {
	return !n.Exempt && !n.OptedOut && n.Stated && !n.Incomplete && !n.Change && len(n.AtRisk) == 0 && len(n.Steps) == 0
}

// Labelled reports whether the namespace says itself what it enforces.
func (n *Namespace) Labelled() bool { return n.CurrentLabels[pss.EnforceLabel] != "" }

// Unpinned reports whether the namespace enforces a level that changes with the
// control plane.
func (n *Namespace) Unpinned() bool {
	return n.Labelled() && n.Current.Enforce.Level != pss.Privileged && n.Current.Enforce.Version == pss.Latest
}

// Weaker reports whether everything that was seen meets a level, up to the
// target, that is stricter than the one enforced.
func (n *Namespace) Weaker(target pss.Level) bool {
	return !n.Exempt && n.Stated && !n.Incomplete && min(n.Strictest, target) > n.Current.Enforce.Level
}

// Step is a level that can be enforced once its blockers are fixed.
type Step struct {
	Enforce  pss.LevelVersion
	Labels   map[string]string
	Blockers []Blocker
}

// Older is a level that everything would meet at an older version. Without are
// the controls that are in force at the pinned version and not, or not as
// strictly, at the older one.
type Older struct {
	Enforce pss.LevelVersion
	Without []pss.ID
}

// Blocker is a workload that a level refuses, or a pod that none made.
type Blocker struct {
	Object workload.Object
	// Pods is how many of its pods exist, Failing how many of them fail.
	Pods, Failing int
	// Partial says that its controller adds to its pods on its own.
	Partial    bool
	Violations []Violation
	// Seen and LastSeen are how often and when last the audit log shows it; 0
	// for what was judged itself.
	Seen     int
	LastSeen time.Time
}

// Origin says where a violation shows.
type Origin uint8

// The origins.
const (
	InTemplate Origin = iota // in the workload's template
	InPod                    // in a pod that exists, and not in its template
	Injected                 // in a container or volume that the template does not have
	InAuditLog               // in the audit log only
)

// Violation is a control that a workload fails.
type Violation struct {
	// Control is empty for a sentence of an audit log that names none.
	Control pss.ID
	Level   pss.Level
	// Profile is the profile that it is a violation of, empty for a level's.
	Profile string
	Reason  string
	Origin  Origin
	// Detail is the sentence of the audit log, or says which guard's profile refuses
	// it; else empty.
	Detail   string
	Findings []Finding
}

// Finding is a finding with its path from the root of the object.
type Finding struct {
	pss.Finding
	FullPath string
}

var errNoNamespaces = errors.New("no inventory")

// Make makes the plan. The error says that the options make no sense.
func Make(inv *inventory.Inventory, o Options) (*Plan, error) {
	if inv == nil {
		return nil, errNoNamespaces
	}
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("planning: %w", err)
	}
	gaps := inv.Gaps(o.AllowUnchecked)
	j := newJudge(&o)
	p := &Plan{Gaps: gaps.Everywhere}
	for i := range inv.Namespaces {
		ns := &inv.Namespaces[i]
		if o.Select != nil && !o.Select(ns) {
			continue
		}
		n, err := j.in(ns).namespace(ns, &gaps)
		if err != nil {
			return nil, fmt.Errorf("planning namespace %q: %w", ns.Name, err)
		}
		p.Namespaces = append(p.Namespaces, n)
	}
	return p, nil
}
