package report

import "io"

// Upgrade says what an upgrade of the control plane changes in the verdicts of
// Pod Security admission.
type Upgrade struct {
	APIVersion string        `json:"apiVersion"`
	Kind       string        `json:"kind"`
	From       UpgradeServer `json:"from"`
	To         UpgradeServer `json:"to"`
	// UserNamespacesGate says that the old API server was taken to run with the
	// feature gate UserNamespacesPodSecurityStandards.
	UserNamespacesGate bool `json:"userNamespacesGate"`
	// NewlyDenied are the workloads whose pods are refused after the upgrade and
	// were allowed before. NewlyWarned are those that only warn or audit concern,
	// NewlyAllowed were refused before, in any mode, and are allowed after.
	NewlyDenied  []UpgradeFlip `json:"newlyDenied"`
	NewlyWarned  []UpgradeFlip `json:"newlyWarned"`
	NewlyAllowed []UpgradeFlip `json:"newlyAllowed"`
	// NewlyDeniedIfGate would be newly denied, or warned about, if the old API
	// server ran with the feature gate.
	NewlyDeniedIfGate []UpgradeFlip `json:"newlyDeniedIfGate"`
	// Moving are the policies that mean another version after the upgrade.
	Moving []UpgradeMoving `json:"moving"`
	// Changes are all differences between the two servers.
	Changes []UpgradeChange `json:"changes"`
	// Exempt are the namespaces that the API server's configuration exempts.
	Exempt []string `json:"exempt"`
	// InvalidLabels are the namespaces with labels that are neither level nor
	// version.
	InvalidLabels []UpgradeInvalid `json:"invalidLabels"`
	// Missing is what could not be listed, NotChecked and Errors what could not be
	// judged or read: more may change than the report says.
	Missing    []UpgradeMissing `json:"missing"`
	NotChecked []NotChecked     `json:"notChecked"`
	Errors     []Error          `json:"errors"`
	Summary    UpgradeSummary   `json:"summary"`
}

// UpgradeServer is an API server before or after.
type UpgradeServer struct {
	// Release is its minor, Latest the version that latest means there: an older
	// one if it emulates one.
	Release string `json:"release"`
	Latest  string `json:"latest"`
}

// UpgradeFlip is a workload, or a pod that none made, whose verdict changes.
type UpgradeFlip struct {
	Namespace string   `json:"namespace"`
	Modes     []string `json:"modes"`
	Policy    string   `json:"policy"`
	Object    Object   `json:"object"`
	// Templates are the paths of its templates whose verdict changes, Pods the
	// names of its pods, of which there are PodsTotal.
	Templates []string `json:"templates"`
	Pods      []string `json:"pods"`
	PodsTotal int      `json:"podsTotal"`
	// Partial says that its controller adds to its pods on its own.
	Partial bool `json:"partial"`
	// Controls are those it fails after the upgrade, or failed before it.
	Controls []UpgradeCause `json:"controls"`
	// Pin is the version to which the policy can be pinned to keep the verdict,
	// empty if none keeps it.
	Pin string `json:"pin"`
}

// UpgradeCause is a control, and the change by which the verdict is another.
type UpgradeCause struct {
	Control string `json:"control"`
	// Release is that of the change, empty if no change explains the control.
	Release string `json:"release"`
	Change  string `json:"change"`
	Reach   string `json:"reach"`
	Source  string `json:"source"`
}

// UpgradeMoving is a policy of a namespace that means another version after the
// upgrade.
type UpgradeMoving struct {
	Namespace string   `json:"namespace"`
	Modes     []string `json:"modes"`
	Policy    string   `json:"policy"`
	Before    string   `json:"before"`
	After     string   `json:"after"`
	// Labelled is false if the policy is the API server's default.
	Labelled bool `json:"labelled"`
	// Guards are those whose floor the policy is, if it is one.
	Guards []string `json:"guards,omitempty"`
}

// UpgradeChange is one change of one control by a release.
type UpgradeChange struct {
	Release string `json:"release"`
	Control string `json:"control"`
	Level   string `json:"level"`
	// Effect is "stricter", "looser" or "same".
	Effect string `json:"effect"`
	// Reach is "version" for policies of that version and newer, "all" for every
	// policy, pinned or not, and "gate" for every policy where the feature gate
	// UserNamespacesPodSecurityStandards is on.
	Reach  string `json:"reach"`
	Change string `json:"change"`
	Source string `json:"source"`
}

// UpgradeInvalid is a namespace with invalid labels, in the API server's words.
type UpgradeInvalid struct {
	Namespace string `json:"namespace"`
	Message   string `json:"message"`
}

// UpgradeMissing is a resource that could not be listed.
type UpgradeMissing struct {
	Resource string `json:"resource"`
	// Namespace is empty for everywhere.
	Namespace string `json:"namespace"`
	Reason    string `json:"reason"`
}

// UpgradeSummary counts what was judged and what changes. A pod that no workload
// made is a workload of its own.
type UpgradeSummary struct {
	Namespaces        int `json:"namespaces"`
	Workloads         int `json:"workloads"`
	Templates         int `json:"templates"`
	Pods              int `json:"pods"`
	NewlyDenied       int `json:"newlyDenied"`
	NewlyWarned       int `json:"newlyWarned"`
	NewlyAllowed      int `json:"newlyAllowed"`
	NewlyDeniedIfGate int `json:"newlyDeniedIfGate"`
	// Moving counts namespaces, as do Unlabelled, which have no label of Pod
	// Security, and Unseen, of which not even the labels are known.
	Moving     int `json:"moving"`
	Unlabelled int `json:"unlabelled"`
	Unseen     int `json:"unseen"`
}

// UpgradeChanges is the list of changes alone.
type UpgradeChanges struct {
	APIVersion string          `json:"apiVersion"`
	Kind       string          `json:"kind"`
	From       UpgradeServer   `json:"from"`
	To         UpgradeServer   `json:"to"`
	Changes    []UpgradeChange `json:"changes"`
}

// UpgradeFormats are the formats of an upgrade's report.
func UpgradeFormats() []string { return []string{"table", "wide", "json", "yaml", "markdown"} }

// WriteUpgrade writes the report in a format of [UpgradeFormats]; an unknown
// format is an error.
func WriteUpgrade(w io.Writer, format string, style Style, u *Upgrade) error {
	return writeSections(w, format, style, u, func(wide bool) []section { return upgradeSections(u, wide) })
}

// WriteUpgradeChanges writes the list of changes in a format of
// [UpgradeFormats]; an unknown format is an error.
func WriteUpgradeChanges(w io.Writer, format string, style Style, c *UpgradeChanges) error {
	return writeSections(w, format, style, c, func(wide bool) []section {
		return []section{changesSection(c.From, c.To, c.Changes, wide)}
	})
}
