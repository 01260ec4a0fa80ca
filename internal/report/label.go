package report

import (
	"fmt"
	"io"
)

// Cluster tells one cluster from another.
type Cluster struct {
	// Address is where its API server was asked, without credentials.
	Address string `json:"address"`
	// UID is that of its namespace kube-system, empty if it could not be read.
	UID string `json:"uid"`
}

// Label says what was done to the labels of namespaces, or would be.
type Label struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Cluster is the one whose namespaces they are.
	Cluster Cluster `json:"cluster"`
	// DryRun is "none", "client" or "server".
	DryRun string `json:"dryRun"`
	// Undo is the file by which it can be undone, empty if there is none.
	Undo       string           `json:"undo"`
	Namespaces []LabelNamespace `json:"namespaces"`
	Summary    LabelSummary     `json:"summary"`
}

// The outcomes of a namespace. Each has one.
const (
	OutcomeLabeled   = "labeled"   // done, or would be
	OutcomeRestored  = "restored"  // undone, or would be
	OutcomeUnchanged = "unchanged" // the labels stood already
	OutcomeRefused   = "refused"   // workloads would be rejected, less would be asked for, or nobody knows
	OutcomeOwned     = "owned"     // labels belong to another field manager
	OutcomeKept      = "kept"      // some labels have changed since and were not restored
	OutcomeSkipped   = "skipped"   // left out
	OutcomeFailed    = "failed"    // the API server did not do it
	OutcomeNotDone   = "not-done"  // nobody tried: the answer was no, or it was interrupted
)

// LabelNamespace is what was done to one namespace.
type LabelNamespace struct {
	Namespace string `json:"namespace"`
	Outcome   string `json:"outcome"`
	// Reason is why, where the outcome needs one.
	Reason string `json:"reason"`
	// From and To are the enforced policy before and after, empty if not known.
	From string `json:"from"`
	To   string `json:"to"`
	// Assumed says that From is assumed: there is no enforce label, and nobody
	// knows the cluster's default.
	Assumed bool `json:"assumed"`
	// Empty says that the namespace was looked at and holds no pods, and nothing
	// that makes any.
	Empty bool `json:"empty"`
	// Loosened are the modes that ask for less than before.
	Loosened []LabelLoosening `json:"loosened"`
	// Weakened is what is weakened by it, in the words of the guards.
	Weakened []string `json:"weakened,omitempty"`
	// Labels are those it is about.
	Labels []LabelEdit `json:"labels"`
	// Blockers are what the new policy rejects, and Unseen what could not be
	// judged.
	Blockers []LabelBlocker `json:"blockers"`
	Unseen   []string       `json:"unseen"`
	// Conflicts are labels that belong to others, or have changed since.
	Conflicts []LabelConflict `json:"conflicts"`
	// Warnings are the API server's.
	Warnings []string `json:"warnings"`
}

// LabelEdit is one label before and after; null is no label.
type LabelEdit struct {
	Label  string  `json:"label"`
	Before *string `json:"before"`
	After  *string `json:"after"`
	// Owners are the field managers that owned it before.
	Owners []string `json:"owners"`
}

// LabelLoosening is a mode that asks for less: LEVEL:VERSION before and after.
type LabelLoosening struct {
	Mode string `json:"mode"`
	From string `json:"from"`
	To   string `json:"to"`
}

// changes reports whether the value becomes another one.
func (e *LabelEdit) changes() bool {
	if e.Before == nil || e.After == nil {
		return e.Before != e.After
	}
	return *e.Before != *e.After
}

// LabelBlocker is a workload, or a pod that none made, that is rejected.
type LabelBlocker struct {
	Object Object `json:"object"`
	// Template says that the template violates, and not only pods.
	Template bool `json:"template"`
	// Pods is how many of its pods exist and violate.
	Pods       int              `json:"pods"`
	Violations []LabelViolation `json:"violations"`
}

// LabelViolation is one control that a blocker fails.
type LabelViolation struct {
	Control string `json:"control"`
	Level   string `json:"level"`
	Reason  string `json:"reason"`
	// Fixes say how what fails it is fixed, each way once, and Fix says it in one
	// line.
	Fixes []string `json:"fixes"`
	Fix   string   `json:"fix"`
}

// LabelConflict is a label that is not Gabion's to change.
type LabelConflict struct {
	Label string `json:"label"`
	// Value is how it stands, null is no label.
	Value  *string  `json:"value"`
	Owners []string `json:"owners"`
}

// LabelSummary counts namespaces by outcome.
type LabelSummary struct {
	Namespaces int `json:"namespaces"`
	Labeled    int `json:"labeled"`
	Restored   int `json:"restored"`
	Unchanged  int `json:"unchanged"`
	Refused    int `json:"refused"`
	Owned      int `json:"owned"`
	Kept       int `json:"kept"`
	Skipped    int `json:"skipped"`
	Failed     int `json:"failed"`
	NotDone    int `json:"notDone"`
}

// Summarize counts the outcomes.
func (l *Label) Summarize() {
	l.Summary = LabelSummary{Namespaces: len(l.Namespaces)}
	for i := range l.Namespaces {
		count := map[string]*int{
			OutcomeLabeled: &l.Summary.Labeled, OutcomeRestored: &l.Summary.Restored, OutcomeUnchanged: &l.Summary.Unchanged,
			OutcomeRefused: &l.Summary.Refused, OutcomeOwned: &l.Summary.Owned, OutcomeKept: &l.Summary.Kept, OutcomeSkipped: &l.Summary.Skipped,
			OutcomeFailed: &l.Summary.Failed, OutcomeNotDone: &l.Summary.NotDone,
		}[l.Namespaces[i].Outcome]
		if count != nil {
			*count++
		}
	}
}

// String returns the summary as one line, without what there is none of.
func (s LabelSummary) String() string {
	line := ""
	for _, part := range []struct {
		n    int
		what string
	}{
		{s.Labeled, "labeled"}, {s.Restored, "restored"}, {s.Unchanged, "unchanged"}, {s.Refused, "refused"}, {s.Owned, "owned by others"},
		{s.Kept, "not fully restored"}, {s.Skipped, "skipped"}, {s.Failed, "failed"}, {s.NotDone, "not done"},
	} {
		if part.n > 0 {
			line += fmt.Sprintf(", %d %s", part.n, part.what)
		}
	}
	if line == "" {
		return "no namespaces"
	}
	return line[len(", "):]
}

// LabelFormats are the formats of what was done to labels.
func LabelFormats() []string { return []string{"text", "json", "yaml"} }

// WriteLabel writes the whole report in a format of [LabelFormats] other than
// text, which is written line by line: see [WriteLabelPlan] and
// [WriteLabelOutcome].
func WriteLabel(w io.Writer, format string, l *Label) error {
	return writeDocument(w, format, l)
}
