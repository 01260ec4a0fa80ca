package upgrade

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/pss"
)

// Exemptions say what Pod Security admission does not judge.
type Exemptions interface {
	Namespace(name string) bool
	RuntimeClass(name string) bool
}

// Options say what is upgraded.
type Options struct {
	// From and To are the API server before and after. If either has the feature
	// gate, both should.
	From, To Server
	// Defaults are the policy of namespaces without labels, before and after.
	Defaults pss.Policy
	// Exemptions are those of the API server; nil exempts nothing.
	Exemptions Exemptions
	// Floors returns what pods of a namespace have to meet beside its labels; nil if
	// there is nothing anywhere.
	Floors func(*inventory.Namespace) []Floor
	// Exceptions returns what takes from verdicts what is excepted in a namespace, nil
	// if nothing is there. Nil excepts nothing anywhere.
	Exceptions func(*inventory.Namespace) Except
}

// Except takes from a verdict on a pod, which is that of a view as a server sees it,
// what is excepted in a mode.
type Except func(Mode, *inventory.View, *pss.Pod, pss.Verdict) pss.Verdict

// Floor is what pods have to meet by the guards that are named.
type Floor struct {
	Policy pss.LevelVersion
	Guards []string
}

// Mode is what Pod Security admission does about a pod that its policy refuses.
type Mode string

// The modes, by weight.
const (
	Enforce Mode = "enforce"
	Warn    Mode = "warn"
	Audit   Mode = "audit"
)

// Outcome is what an upgrade changes.
type Outcome struct {
	// Changes are what is different between the two servers, whether it concerns
	// anything in the cluster or not.
	Changes []Change
	// Denied and Warned are the workloads that are allowed before and refused
	// after: by what is enforced, and by what only warns or audits. Allowed are
	// refused before, in any mode, and allowed after. Each is by weight of the
	// mode, and then by namespace, kind and name.
	Denied, Warned, Allowed []Flip
	// IfGate are the workloads that would be among Denied or Warned if the old
	// server ran with the feature gate UserNamespacesPodSecurityStandards. They
	// are asked for only if Options do not say that it does.
	IfGate []Flip
	// Moving are the policies that mean another version after the upgrade.
	Moving []Moving
	// Exempt are the namespaces that are not judged.
	Exempt []string
	// Invalid are the namespaces with labels that are none.
	Invalid []Invalid
	// Unlabelled and Unseen count the namespaces without a label of Pod Security,
	// and those of them that were only named by objects. Exempt ones do not count.
	Unlabelled, Unseen int
	// Namespaces, Workloads, Templates and Pods count what was judged. A pod that
	// no workload made is a workload of its own.
	Namespaces, Workloads, Templates, Pods int
}

// Flip is a workload whose verdict changes.
type Flip struct {
	Namespace string
	// Modes are those that have the policy.
	Modes  []Mode
	Policy pss.LevelVersion
	Object Object
	// Templates are the paths of its templates that flip, Pods the names of its
	// pods that do, and AllPods how many there are of it.
	Templates, Pods []string
	AllPods         int
	// Partial says that its controller adds to a template on its own.
	Partial bool
	// Causes are the controls that it fails after the upgrade, or failed before.
	Causes []Cause
	// Pin is the version that keeps the verdict as it is when the policy is pinned
	// to it; the zero Version if no pin does.
	Pin pss.Version
}

// Cause is a control that a verdict flips by, and the change that made it.
type Cause struct {
	Control pss.ID
	Change  Change
}

// Moving is a policy of a namespace that means another version after the upgrade.
type Moving struct {
	Namespace     string
	Modes         []Mode
	Policy        pss.LevelVersion
	Before, After pss.Version
	// Labelled is false if the namespace has no label of Pod Security, so that the
	// policy is the API server's default.
	Labelled bool
	// Guards are those whose floor the policy is, if it is one.
	Guards []string
}

// Invalid is a namespace with labels that are neither level nor version.
type Invalid struct {
	Namespace string
	Errors    pss.LabelErrors
}

// Compute says what the upgrade changes for what is in the inventory. An error
// says that nothing can be judged by the options.
func Compute(inv *inventory.Inventory, o Options) (*Outcome, error) {
	if err := cmp.Or(o.From.check(), o.To.check()); err != nil {
		return nil, err
	}
	c := computing{options: o, pair: newPair(o.From, o.To)}
	c.outcome = &Outcome{Changes: c.pair.changes}
	if !o.From.UserNamespacesGate {
		o.From.UserNamespacesGate, o.To.UserNamespacesGate = true, true
		gated := newPair(o.From, o.To)
		c.gated = &gated
	}
	for i := range inv.Namespaces {
		if err := c.namespace(&inv.Namespaces[i]); err != nil {
			return nil, fmt.Errorf("judging namespace %q: %w", inv.Namespaces[i].Name, err)
		}
	}
	c.outcome.sort()
	return c.outcome, nil
}

// sort puts what weighs most first; namespaces and workloads are in order.
func (o *Outcome) sort() {
	byMode := func(a, b Flip) int { return cmp.Compare(weight(a.Modes[0]), weight(b.Modes[0])) }
	for _, flips := range [][]Flip{o.Denied, o.Warned, o.Allowed, o.IfGate} {
		slices.SortStableFunc(flips, byMode)
	}
	slices.SortStableFunc(o.Moving, func(a, b Moving) int { return cmp.Compare(weight(a.Modes[0]), weight(b.Modes[0])) })
}

func weight(m Mode) int { return slices.Index([]Mode{Enforce, Warn, Audit}, m) }
