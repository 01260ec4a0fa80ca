package guard

import (
	"slices"

	"github.com/gabion-security/gabion/pss"
)

// Mode is one of the modes in which a namespace asks something of its pods.
type Mode string

// The modes.
const (
	Enforce   Mode = "enforce"
	AuditMode Mode = "audit"
	WarnMode  Mode = "warn"
)

var modes = []Mode{Enforce, AuditMode, WarnMode}

// of returns what a policy asks in the mode.
func (m Mode) of(p pss.Policy) pss.LevelVersion {
	switch m {
	case Enforce:
		return p.Enforce
	case AuditMode:
		return p.Audit
	case WarnMode:
		return p.Warn
	}
	return pss.LevelVersion{}
}

// keys are the labels that say what the mode asks. Those of enforce also do for
// warn.
func (m Mode) keys() []string {
	switch m {
	case Enforce:
		return []string{pss.EnforceLabel, pss.EnforceVersionLabel}
	case AuditMode:
		return []string{pss.AuditLabel, pss.AuditVersionLabel}
	case WarnMode:
		return []string{pss.WarnLabel, pss.WarnVersionLabel, pss.EnforceLabel, pss.EnforceVersionLabel}
	}
	return nil
}

// labels returns the labels of the mode that change.
func (m Mode) labels(before, after map[string]string, invalid pss.LabelErrors) []Label {
	var changed []Label
	for _, key := range m.keys() {
		l := Label{Key: key}
		l.Before, l.Was = before[key]
		l.After, l.Is = after[key]
		if l.Was == l.Is && l.Before == l.After {
			continue
		}
		for _, e := range invalid {
			l.Invalid = l.Invalid || e.Key == key
		}
		changed = append(changed, l)
	}
	return changed
}

// Label is a label that changes.
type Label struct {
	Key           string
	Before, After string
	// Was and Is say that it is there, before and after.
	Was, Is bool
	// Invalid says that its new value is neither a level nor a version.
	Invalid bool
}

// Kind says in what way something is weakened.
type Kind uint8

// The kinds of weakenings.
const (
	Lowered  Kind = iota + 1 // a mode asks for less
	Left                     // a guard does not mean the namespace any more
	Exempt                   // a new namespace has the name of an exempt one
	Excepted                 // exceptions cover the namespace from now on
	Loosened                 // a guard asks less of its pods, or its workloads
	Spared                   // a new namespace has a name that a guard excepts
)

// Weakening is one thing that a change weakens.
type Weakening struct {
	Kind   Kind
	Action Action
	// Guards are the names of those that act, sorted.
	Guards []string

	// Of what is lowered: New says that it is compared with the defaults, or with the
	// floor if Floor says so, Controls are what is asked for no more, or by a revision
	// that asks for less.
	Mode     Mode
	New      bool
	Floor    bool
	From, To pss.LevelVersion
	Controls []pss.ID
	Labels   []Label
	// WithEnforce says of warn that it only goes where enforce goes.
	WithEnforce bool

	// Exceptions are the names of those that cover the namespace, sorted.
	Exceptions []string

	// Of what is loosened: By are the names of the guards that the namespace enters,
	// sorted, Alone says that ephemeral containers are judged alone from now on, and
	// WorkloadsFrom and WorkloadsTo, if they differ, what becomes of its workloads.
	By                         []string
	Alone                      bool
	WorkloadsFrom, WorkloadsTo Workloads
}

// goesWith reports whether another mode is lowered in the same way, by the same
// labels: so it is where warn is not labelled itself.
func (w Weakening) goesWith(other Weakening) bool {
	return w.Kind == Lowered && other.Kind == Lowered && w.Mode == WarnMode && other.Mode == Enforce && w.Action == other.Action &&
		w.From == other.From && w.To == other.To && slices.Equal(w.Labels, other.Labels) && slices.Equal(w.Controls, other.Controls)
}

// Relaxation is what a newer version of the standard asks less in a mode.
type Relaxation struct {
	Mode     Mode
	From, To pss.LevelVersion
	Controls []Relaxed
}

// Relaxed is a control that newer versions have relaxed.
type Relaxed struct {
	Control pss.ID
	// Changes say how, a sentence each.
	Changes []string
}

func relaxation(mode Mode, from, to pss.LevelVersion, ids []pss.ID, e pss.Evaluator) Relaxation {
	r := Relaxation{Mode: mode, From: from, To: to}
	for _, id := range ids {
		c, _ := pss.LookupControl(id)
		relaxed := Relaxed{Control: id}
		for _, revision := range looser(&c, e.Resolve(from.Version), e.Resolve(to.Version)) {
			relaxed.Changes = append(relaxed.Changes, revision.Change)
		}
		r.Controls = append(r.Controls, relaxed)
	}
	return r
}
