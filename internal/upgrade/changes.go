package upgrade

import (
	"cmp"
	"slices"

	"github.com/gabion-security/gabion/pss"
)

// Effect says which way a change goes.
type Effect string

// The effects of a change.
const (
	Stricter Effect = "stricter" // refuses pods that were allowed
	Looser   Effect = "looser"   // allows pods that were refused
	Same     Effect = "same"     // another control asks for what one asked for before
)

// Reach says which policies a change reaches.
type Reach string

// The reaches of a change.
const (
	// ReachVersion is policies of its release or newer, latest among them.
	ReachVersion Reach = "version"
	// ReachAll is every version: a pin does not keep it away.
	ReachAll Reach = "all"
	// ReachGate is every version, where the API server runs with the feature gate
	// UserNamespacesPodSecurityStandards.
	ReachGate Reach = "gate"
)

// Change is one change of one control by a release of Kubernetes.
type Change struct {
	Release pss.Version
	Control pss.ID
	Effect  Effect
	Reach   Reach
	// Text says what changed, in one sentence.
	Text string
	// Source is where upstream's code says so.
	Source string
}

// The releases whose API servers are known: Pod Security admission is the same
// since oldest in everything but what this package has.
var oldest = pss.V1(26)

// Oldest returns the oldest release that this build can judge for.
func Oldest() pss.Version { return oldest }

// The feature gate that relaxes controls for pods in a user namespace: off by
// default, there from gateAdded on, gone with gateRemoved.
var (
	gateAdded     = pss.V1(29)
	gateProcMount = pss.V1(31)
	gateRemoved   = pss.V1(35)
)

// Releases that changed how pods are looked at.
var (
	appArmorFields = pss.V1(30)
	imageVolumes   = pss.V1(33)
)

// versioned are the changes that came with a version of the standard. Their
// texts are those of the catalogue.
var versioned = []Change{
	{Release: pss.V1(27), Control: "sysctls", Effect: Looser, Source: "check_sysctls.go"},
	{Release: pss.V1(29), Control: "sysctls", Effect: Looser, Source: "check_sysctls.go"},
	{Release: pss.V1(31), Control: "seLinuxOptions", Effect: Looser, Source: "check_seLinuxOptions.go"},
	{Release: pss.V1(32), Control: "sysctls", Effect: Looser, Source: "check_sysctls.go"},
	{Release: pss.V1(34), Control: "hostProbesAndHostLifecycle", Effect: Stricter, Source: "check_hostProbesAndhostLifecycle.go"},
	{Release: pss.V1(35), Control: "procMount", Effect: Looser, Source: "check_procMount_baseline.go"},
	{
		Release: pss.V1(35), Control: "procMount_restricted", Effect: Same, Source: "check_procMount_restricted.go",
		Text: "The restricted level asks by this control for what procMount asked for: /proc must be masked, in user namespaces too.",
	},
	{Release: pss.V1(35), Control: "runAsNonRoot", Effect: Looser, Source: "check_runAsNonRoot.go"},
	{Release: pss.V1(35), Control: "runAsUser", Effect: Looser, Source: "check_runAsUser.go"},
	{Release: pss.V1(37), Control: "sysctls", Effect: Looser, Source: "check_sysctls.go"},
}

const (
	gateAddedText   = "The feature gate UserNamespacesPodSecurityStandards, off by default, exempts pods in a user namespace (hostUsers: false)."
	gateRemovedText = "The feature gate UserNamespacesPodSecurityStandards is gone: policies pinned to v1.34 or older exempt no pods any more."
)

// retroactive are the changes that came with a release for every version.
var retroactive = []Change{
	{Release: gateAdded, Control: "runAsNonRoot", Effect: Looser, Reach: ReachGate, Text: gateAddedText, Source: "check_runAsNonRoot.go"},
	{Release: gateAdded, Control: "runAsUser", Effect: Looser, Reach: ReachGate, Text: gateAddedText, Source: "check_runAsUser.go"},
	{
		Release: appArmorFields, Control: "appArmorProfile", Effect: Stricter, Reach: ReachAll, Source: "check_appArmorProfile.go",
		Text: "The new fields securityContext.appArmorProfile count like the annotations, which were all there was.",
	},
	{Release: gateProcMount, Control: "procMount", Effect: Looser, Reach: ReachGate, Text: gateAddedText, Source: "check_procMount.go"},
	{
		Release: imageVolumes, Control: "restrictedVolumes", Effect: Looser, Reach: ReachAll, Source: "check_restrictedVolumes.go",
		Text: "Volumes of the type image are allowed; before, they counted as unknown.",
	},
	{Release: gateRemoved, Control: "procMount", Effect: Stricter, Reach: ReachGate, Text: gateRemovedText, Source: "check_procMount_baseline.go"},
	{Release: gateRemoved, Control: "runAsNonRoot", Effect: Stricter, Reach: ReachGate, Text: gateRemovedText, Source: "check_runAsNonRoot.go"},
	{Release: gateRemoved, Control: "runAsUser", Effect: Stricter, Reach: ReachGate, Text: gateRemovedText, Source: "check_runAsUser.go"},
}

// Changes returns what is different between two servers, by release and control.
// The slice is the caller's.
func Changes(from, to Server) []Change {
	var found []Change
	for _, c := range versioned {
		if c.Release > from.Latest() && c.Release <= to.Latest() {
			found = append(found, c.complete())
		}
	}
	for _, c := range retroactive {
		if c.Release > from.Release && c.Release <= to.Release {
			found = append(found, c.complete())
		}
	}
	slices.SortStableFunc(found, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Release, b.Release), cmp.Compare(a.Control, b.Control))
	})
	return found
}

// complete fills in what follows from the rest of a row.
func (c Change) complete() Change {
	if c.Reach == "" {
		c.Reach = ReachVersion
	}
	if control, ok := pss.LookupControl(c.Control); ok && c.Text == "" {
		if revision, ok := control.RevisionAt(c.Release); ok {
			c.Text = revision.Change
		}
	}
	if minor, ok := c.Release.Minor(); ok {
		c.Source = sourceAt(minor, c.Source)
	}
	return c
}
