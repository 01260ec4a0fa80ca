package pss

import "slices"

// ID identifies a control. IDs are the check IDs of
// k8s.io/pod-security-admission, such as capabilities_restricted.
type ID string

// Control is one control of the Pod Security Standards: what a person may read
// about it, and the rules by which pods are judged.
type Control struct {
	ID ID
	// Name is the control's name on the standard's page.
	Name string
	// Level is the level that brings the control in; stricter levels keep it,
	// unless a control of theirs overrides it.
	Level Level
	// Revisions say how the control changed, oldest first. Before the first
	// one the control did not exist.
	Revisions []Revision
	// Fields are the fields and annotations that the control reads, as paths
	// from the pod's root, [*] for every item.
	Fields []string
	// Allowed are the values that the newest revision allows in Fields.
	Allowed []string
	// Why says what an attacker gains without the control.
	Why string
	// Fix says how a pod is brought to meet the control.
	Fix string
	// PSP are the controls of PodSecurityPolicy that correspond to it.
	PSP []PSPControl

	// describe renders the API server's reason, and appends its detail, for
	// the findings of this control in one pod. There is at least one.
	describe func(detail []byte, p *Pod, findings []place) (reason string, _ []byte)
	// about is what a pod must state for the control to find anything. Controls
	// that ask for settings leave it empty: they are always asked.
	about stated
	// explicitFirst keeps findings of missing values out of the sentence while
	// there are explicit ones, as upstream does for this control.
	explicitFirst bool
}

// Revision is the behaviour of a control from a version on.
type Revision struct {
	// Since is the first version with this behaviour.
	Since Version
	// Change says what is new, in one sentence.
	Change string
	// Looser says that it allows pods that the revision before it refused, and
	// refuses none beyond that.
	Looser bool
	// Overrides are the baseline controls that this one replaces at the
	// restricted level, because it asks for more.
	Overrides []ID

	rule rule
}

// PSPControl is a control of PodSecurityPolicy, by its name on the page
// https://kubernetes.io/docs/concepts/security/pod-security-policy/ of
// Kubernetes 1.24, with its fields.
type PSPControl struct {
	Name   string   `json:"name"`
	Fields []string `json:"fields"`
	// Note says where the correspondence is loose or the common table wrong.
	Note string `json:"note,omitempty"`
}

// revisionAt returns the revision in force at the version, and false before the
// first.
func (c *Control) revisionAt(v Version) (*Revision, bool) {
	for i := len(c.Revisions) - 1; i >= 0; i-- {
		if c.Revisions[i].Since <= v {
			return &c.Revisions[i], true
		}
	}
	return nil, false
}

// RevisionAt returns the behaviour of the control at the version, and false if
// the control did not exist then.
func (c *Control) RevisionAt(v Version) (Revision, bool) {
	r, ok := c.revisionAt(v)
	if !ok || !v.Valid() {
		return Revision{}, false
	}
	return *r, true
}

// Controls returns the catalogue: all controls, baseline before restricted, in
// the order in which the API server's messages name them. The slice is the
// caller's.
func Controls() []Control { return slices.Clone(catalogue) }

// LookupControl returns the control with the ID, and false if there is none.
func LookupControl(id ID) (Control, bool) {
	for i := range catalogue {
		if catalogue[i].ID == id {
			return catalogue[i], true
		}
	}
	return Control{}, false
}

// ControlsAt returns the controls in force at a level and version, in message
// order: without those that a stricter control overrides. A version newer than
// this build knows counts as the newest it knows. It is empty for privileged,
// for an invalid level and for the zero Version.
func ControlsAt(lv LevelVersion) []Control {
	if !lv.Level.Valid() || !lv.Version.Valid() {
		return nil
	}
	var active []Control
	for _, a := range compiled.at(lv.Level, clamp(lv.Version, newest)) {
		active = append(active, catalogue[a.control])
	}
	return active
}

// Retired is a row of older tables of the standard that no level asks for any
// more.
type Retired struct {
	Name  string
	Level Level // the level it was listed under
	Note  string
	PSP   []PSPControl
}

// RetiredControls returns the rows that are no longer in the standard. The slice
// is the caller's.
func RetiredControls() []Retired {
	return []Retired{{
		Name: "Non-root groups", Level: Restricted,
		Note: "Once an optional control of the restricted level, and no longer in the standard: no level looks at groups.",
		PSP: []PSPControl{
			{Name: "Allocating an FSGroup that owns the Pod's volumes", Fields: []string{"fsGroup"}},
			{Name: "The user and group IDs of the container", Fields: []string{"runAsGroup", "supplementalGroups"}},
		},
	}}
}

// catalogue is every control, in message order. A new control is added here, in
// a file of its own, and nowhere else.
var catalogue = []Control{
	// baseline, by ID
	appArmorProfile(),
	capabilitiesBaseline(),
	hostNamespaces(),
	hostPathVolumes(),
	hostPorts(),
	hostProbesAndHostLifecycle(),
	privileged(),
	procMount(),
	seLinuxOptions(),
	seccompProfileBaseline(),
	sysctls(),
	windowsHostProcess(),
	// restricted, by ID
	allowPrivilegeEscalation(),
	capabilitiesRestricted(),
	procMountRestricted(),
	restrictedVolumes(),
	runAsNonRoot(),
	runAsUser(),
	seccompProfileRestricted(),
}

// newest is the newest version at which any control changed: what latest means
// to a judge that was told nothing else.
var newest = func() Version {
	var v Version
	for i := range catalogue {
		v = max(v, catalogue[i].Revisions[len(catalogue[i].Revisions)-1].Since)
	}
	return v
}()

// NewestVersion returns the newest version of the standard that this build
// knows, which is what latest means unless [Evaluator.Kubernetes] says less.
func NewestVersion() Version { return newest }

// clamp returns what the judge of a Kubernetes version makes of a version.
func clamp(v, kubernetes Version) Version { return min(v, kubernetes) }

// active is a control in force: its place in the catalogue, what it is about and
// how it finds offenders.
type active struct {
	control int
	about   stated
	find    func(*Pod, func(place) bool) bool
}

// table holds the controls in force by level and minor, compiled once. Minors
// that change nothing share the lists of the one before: every start of a program
// pays for them.
type table struct {
	baseline, restricted [][]active
}

var compiled = compile(catalogue, newest)

func compile(controls []Control, newest Version) table {
	var t table
	for v := V1(0); v <= newest; v++ {
		if v > V1(0) && !changes(controls, v) {
			t.baseline = append(t.baseline, t.baseline[len(t.baseline)-1])
			t.restricted = append(t.restricted, t.restricted[len(t.restricted)-1])
			continue
		}
		baseline, restricted := activeAt(controls, v)
		t.baseline, t.restricted = append(t.baseline, baseline), append(t.restricted, restricted)
	}
	return t
}

// changes reports whether any control changes at a version.
func changes(controls []Control, v Version) bool {
	return slices.ContainsFunc(controls, func(c Control) bool {
		return slices.ContainsFunc(c.Revisions, func(r Revision) bool { return r.Since == v })
	})
}

// activeAt returns the controls in force at a version, by level.
func activeAt(controls []Control, v Version) (baseline, restricted []active) {
	var overridden []ID
	for i := range controls {
		if r, ok := controls[i].revisionAt(v); ok {
			overridden = append(overridden, r.Overrides...)
		}
	}
	for i := range controls {
		r, ok := controls[i].revisionAt(v)
		if !ok {
			continue
		}
		a := active{control: i, about: controls[i].about, find: r.rule.find}
		if a.about == 0 {
			a.about = statedNothing
		}
		if controls[i].Level == Baseline {
			baseline = append(baseline, a)
		}
		if !slices.Contains(overridden, controls[i].ID) {
			restricted = append(restricted, a)
		}
	}
	return baseline, restricted
}

// at returns the controls in force at a level and a version that has been
// clamped. Privileged asks nothing.
func (t *table) at(l Level, v Version) []active {
	switch l {
	case Baseline:
		return t.baseline[v-1]
	case Restricted:
		return t.restricted[v-1]
	case Privileged:
	}
	return nil
}
