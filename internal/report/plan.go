package report

import "strings"

// Plan is how to bring the namespaces of a cluster to a level, step by step.
type Plan struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Cluster is the one that the plan is for, empty for manifests.
	Cluster Cluster `json:"cluster"`
	// Server is the release of the API server, empty for manifests.
	Server string `json:"server"`
	// Latest is the minor that latest means there, such as v1.37.
	Latest string `json:"latest"`
	// Target is the level that namespaces are brought to, and Pin the version
	// that enforced levels are pinned to.
	Target string `json:"target"`
	Pin    string `json:"pin"`
	// Defaults are the policy of namespaces without labels. They are assumed,
	// not known, without the API server's configuration.
	Defaults PlanDefaults `json:"defaults"`
	// Exemptions are those of the API server's configuration.
	Exemptions PlanExemptions `json:"exemptions"`
	// Proposed are the defaults and exemptions that an API server could be given
	// now. They stay as they are where the plan is for a part of the cluster.
	Proposed PlanConfiguration `json:"proposed"`
	// Namespaces are those that were asked for, by name.
	Namespaces []PlanNamespace `json:"namespaces"`
	// Gaps are what was not seen and may be in any namespace.
	Gaps []string `json:"gaps"`
	// AuditLog counts what was read of audit logs.
	AuditLog PlanAuditLog `json:"auditLog"`
	Summary  PlanSummary  `json:"summary"`
}

// PlanPolicy is a policy as labels state it: LEVEL:VERSION each.
type PlanPolicy struct {
	Enforce string `json:"enforce"`
	Audit   string `json:"audit"`
	Warn    string `json:"warn"`
}

// PlanDefaults is the policy of namespaces without labels.
type PlanDefaults struct {
	PlanPolicy
	Assumed bool `json:"assumed"`
}

// PlanExemptions name what is not judged.
type PlanExemptions struct {
	Usernames      []string `json:"usernames"`
	Namespaces     []string `json:"namespaces"`
	RuntimeClasses []string `json:"runtimeClasses"`
}

// PlanConfiguration is a configuration for the API server.
type PlanConfiguration struct {
	Defaults   PlanPolicy     `json:"defaults"`
	Exemptions PlanExemptions `json:"exemptions"`
	// Held are the unlabelled namespaces that keep the enforced default below
	// the target.
	Held []string `json:"held"`
}

// PlanFloor is what pods have to meet by the guards that are named.
type PlanFloor struct {
	Enforce string   `json:"enforce"`
	Guards  []string `json:"guards"`
}

// PlanProfile is a profile that pods have to meet by the guards that are named.
type PlanProfile struct {
	Name   string   `json:"name"`
	Guards []string `json:"guards"`
	// Missing says that there is no such profile, and that every pod is refused.
	Missing bool `json:"missing"`
}

// floor says in words which floors and profiles there are, after what is enforced by labels.
func (n *PlanNamespace) floor() string {
	text := ""
	for _, f := range n.Floors {
		text += ", and " + f.Enforce + " by the guard " + strings.Join(f.Guards, ", ")
	}
	for _, p := range n.Profiles {
		text += ", and the profile " + p.Name + " by the guard " + strings.Join(p.Guards, ", ")
		if p.Missing {
			text += ", which is not there: every pod is refused"
		}
	}
	return text
}

// The stages of a namespace. Each has one.
const (
	StageLabel      = "label"      // Labels are to be set now
	StageFix        = "fix"        // the labels stand; workloads have to be fixed before the next level
	StageDone       = "done"       // the target is enforced, and everything passes
	StageIncomplete = "incomplete" // not everything was seen: no level is proposed on that strength
	StageSystem     = "system"     // belongs to the system; nothing is proposed unless asked for
	StageExempt     = "exempt"     // the API server judges nothing in it
	StageOptedOut   = "opted-out"  // gabion.io/manage is "false" on it
)

// The codes of reasons.
const (
	ReasonRestart    = "restart-fails"   // what is enforced refuses pods that have to be made again
	ReasonInvalid    = "invalid-labels"  // labels that are neither level nor version
	ReasonWeaker     = "weaker-than-fit" // everything would pass a stricter level
	ReasonUnpinned   = "unpinned"        // enforces latest, which changes with the control plane
	ReasonUnlabelled = "unlabelled"      // has no enforce label
	ReasonIncomplete = "incomplete"      // not everything was seen
	ReasonOlder      = "older-version"   // an older version of a stricter level would pass
	ReasonKept       = "kept"            // what is enforced asks for more than what is clean, and stays
	ReasonDefaults   = "other-defaults"  // the audit log shows other defaults than these
)

// PlanNamespace is one namespace: how it stands, what to do now and what later.
type PlanNamespace struct {
	Name  string `json:"name"`
	Stage string `json:"stage"`
	// System says that the namespace is one of the system's.
	System bool `json:"system"`
	// Current is the policy in force, with the six labels as they stand: those of
	// them that there are.
	Current       PlanPolicy        `json:"current"`
	CurrentLabels map[string]string `json:"currentLabels"`
	// LabelsKnown is false where the Namespace itself was not seen.
	LabelsKnown bool `json:"labelsKnown"`
	// Strictest is the strictest level at the pinned version that all pods and
	// templates meet which were seen.
	Strictest string `json:"strictest"`
	// Labels are what the six labels are to be now, those among them that are
	// to be set; empty if nothing is proposed. Change says that they differ from
	// how they stand.
	Labels map[string]string `json:"labels"`
	Change bool              `json:"change"`
	// Reasons say what is noteworthy, what weighs most first.
	Reasons []PlanReason `json:"reasons"`
	// Floors are what pods have to meet by guards, beside the policy in force.
	Floors []PlanFloor `json:"floors,omitempty"`
	// Profiles are those that pods have to meet by guards, too.
	Profiles []PlanProfile `json:"profiles,omitempty"`
	// AtRisk are the workloads whose pods the policy in force, a floor or a profile
	// refuses.
	AtRisk []PlanBlocker `json:"atRisk"`
	// Steps are the levels that come later, the next one first.
	Steps []PlanStep `json:"steps"`
	// Older are stricter levels that would pass at an older version.
	Older []PlanOlder `json:"older"`
	// Exceptions are those without which something would not pass what is enforced
	// or proposed.
	Exceptions []UsedException `json:"exceptions,omitempty"`
	// Pods and Workloads are how many were seen.
	Pods      int `json:"pods"`
	Workloads int `json:"workloads"`
}

// PlanReason is one noteworthy thing.
type PlanReason struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// PlanStep is a level that can be enforced once its blockers are fixed.
type PlanStep struct {
	// Enforce is LEVEL:VERSION.
	Enforce string `json:"enforce"`
	// Labels are what the six labels are to be then.
	Labels   map[string]string `json:"labels"`
	Blockers []PlanBlocker     `json:"blockers"`
}

// PlanOlder is a level that would pass at an older version, and the controls
// that this would give up.
type PlanOlder struct {
	Enforce string   `json:"enforce"`
	Without []string `json:"without"`
}

// Where a violation shows.
const (
	OriginTemplate = "template"  // in the workload's template
	OriginPod      = "pod"       // in a pod that exists, and not in its template
	OriginInjected = "injected"  // in a container or volume that the template does not have
	OriginAuditLog = "audit-log" // in the API server's audit log only
)

// PlanBlocker is a workload, or a pod that none made, that a level refuses.
type PlanBlocker struct {
	Object Object `json:"object"`
	// Pods is how many pods of it exist, Failing how many of them fail.
	Pods    int `json:"pods"`
	Failing int `json:"failing"`
	// Partial says that its controller adds to its pods on its own.
	Partial    bool            `json:"partial"`
	Violations []PlanViolation `json:"violations"`
	// Seen and LastSeen are how often and when last the audit log shows it;
	// 0 and empty for what was judged itself.
	Seen     int    `json:"seen"`
	LastSeen string `json:"lastSeen"`
}

// PlanViolation is a control that a workload fails at one origin.
type PlanViolation struct {
	// Control is empty for a sentence of an audit log that names none.
	Control string `json:"control"`
	Level   string `json:"level"`
	Reason  string `json:"reason"`
	Origin  string `json:"origin"`
	// Detail is the sentence of the audit log, or says which guard's profile refuses
	// it; Fix is what helps in general. Of what a level finds both are empty.
	Detail   string        `json:"detail"`
	Fix      string        `json:"fix"`
	Findings []PlanFinding `json:"findings"`
}

// PlanFinding is one place that fails a control.
type PlanFinding struct {
	// Path is from the root of the object, or of the pod where Origin is not
	// the template.
	Path          string `json:"path"`
	Container     string `json:"container"`
	ContainerKind string `json:"containerKind"`
	// Value is nil, a bool, an int64, a string or a []string.
	Value   any    `json:"value"`
	Allowed string `json:"allowed"`
	Fix     string `json:"fix"`
}

// PlanAuditLog counts the lines of audit logs.
type PlanAuditLog struct {
	Events     int `json:"events"`
	Violations int `json:"violations"`
	Malformed  int `json:"malformed"`
}

// PlanSummary counts namespaces: every one is in exactly one of the stages.
type PlanSummary struct {
	Namespaces int `json:"namespaces"`
	Label      int `json:"label"`
	Fix        int `json:"fix"`
	Done       int `json:"done"`
	Incomplete int `json:"incomplete"`
	System     int `json:"system"`
	Exempt     int `json:"exempt"`
	OptedOut   int `json:"optedOut"`
	// AtRisk counts those whose next restart fails, Weaker those labelled weaker
	// than they need, Unlabelled, Unpinned and Invalid those labelled so.
	AtRisk     int `json:"atRisk"`
	Weaker     int `json:"weaker"`
	Unlabelled int `json:"unlabelled"`
	Unpinned   int `json:"unpinned"`
	Invalid    int `json:"invalid"`
}
