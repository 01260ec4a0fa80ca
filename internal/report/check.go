package report

import (
	"cmp"
	"fmt"
	"strings"
)

// APIVersion is the version of the reports' contract.
const APIVersion = "gabion.io/v1alpha1"

// The answers to where a policy came from.
const (
	FromFlag      = "flag"      // --level or --version
	FromConfig    = "config"    // the same in .gabion.yaml
	FromNamespace = "namespace" // the enforce label of the Namespace in the input
	FromDefault   = "default"   // nothing said anything: restricted:latest
	FromFloor     = "floor"     // --at-least, which the input cannot lower
	FromProfile   = "profile"   // the base of --profile
	FromGuard     = "guard"     // the floor of guards of --policy-dir
)

// Source says where an object stands in the input.
type Source struct {
	File     string `json:"file"`
	Document int    `json:"document"`
	Item     int    `json:"item"`
	Line     int    `json:"line"`
	Template string `json:"template"`
	// RenderedLine is the line in what a template was rendered to, or what a
	// kustomization was built to, 0 for what stands in the file as it is. Then the
	// file is the template's, and Line is 0 where the template's is not known.
	RenderedLine int `json:"renderedLine,omitempty"`
}

// Place returns where the object stands, for people.
func (s Source) Place() string {
	if s.Line == 0 && s.RenderedLine > 0 {
		return fmt.Sprintf("%s (line %d as rendered)", Place(s.File, 0), s.RenderedLine)
	}
	return Place(s.File, s.Line)
}

// Object names an object as its manifest does.
type Object struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
}

// Unnamed stands for the name of an object that has none.
const Unnamed = "(unnamed)"

// KindName returns the object as kubectl names it, such as deployment.apps/web,
// or pod/(unnamed).
func (o Object) KindName() string {
	kind := strings.ToLower(o.Kind)
	if group, _, ok := strings.Cut(o.APIVersion, "/"); ok {
		kind += "." + group
	}
	return kind + "/" + cmp.Or(o.Name, Unnamed)
}

// Result is the judgement of one pod template.
type Result struct {
	Source     Source `json:"source"`
	Object     Object `json:"object"`
	Policy     string `json:"policy"`
	PolicyFrom string `json:"policyFrom"`
	// By names the guards whose floor the policy is.
	By []string `json:"by,omitempty"`
	// Profile is the name of the profile that adds to the policy, or of several.
	Profile string `json:"profile,omitempty"`
	// Partial marks a template to which a controller adds on its own.
	Partial bool `json:"partial"`
	Verdict
	// Invalid is what the API server refuses although Pod Security admission
	// has no opinion on it.
	Invalid []Invalid `json:"invalid"`
	// Early is what guards say to the workload because of its pods, if they do.
	Early *Early `json:"early,omitempty"`
	// Warn and Audit are the namespace's other modes, where their policy
	// differs from the enforced one.
	Warn  *Mode `json:"warn,omitempty"`
	Audit *Mode `json:"audit,omitempty"`

	// WarnFails says that violations of the warn mode fail, too.
	WarnFails bool `json:"-"`
}

// Fails reports whether anything about the template makes the check fail.
func (r *Result) Fails() bool {
	return !r.Allowed || len(r.Invalid) > 0 || r.WarnFails && r.Warn != nil && !r.Warn.Allowed
}

// What becomes of a workload whose pods would be refused.
const (
	EarlyWarn = "warn" // who makes or changes it is told
	EarlyDeny = "deny" // it is refused, too
)

// Early is what becomes of a workload; Guards say so, or nobody.
type Early struct {
	Action string   `json:"action"`
	Guards []string `json:"guards"`
}

// Mode is the judgement of a template by a policy that refuses nobody.
type Mode struct {
	Policy string `json:"policy"`
	Verdict
}

// Verdict is what Pod Security admission says, with the places it is about. What
// is ignored or known stands apart, and everything else is said as if it were not
// there.
type Verdict struct {
	Allowed    bool        `json:"allowed"`
	Reason     string      `json:"reason"`
	Message    string      `json:"message"`
	Violations []Violation `json:"violations"`
	// Exceptions are those that cover what would be violations else.
	Exceptions []UsedException `json:"exceptions,omitempty"`
	// Ignored are violations that the manifest asks to be ignored.
	Ignored []Ignored `json:"ignored,omitempty"`
	// Known are violations that the baseline knows.
	Known []Violation `json:"known,omitempty"`
}

// Ignored is a control that a template fails and that its manifest asks to be
// ignored.
type Ignored struct {
	Control string `json:"control"`
	// Reason is why, as the manifest says.
	Reason   string    `json:"reason"`
	Findings []Finding `json:"findings"`
}

// UsedException is an exception that covers something.
type UsedException struct {
	Name     string   `json:"name"`
	Controls []string `json:"controls"`
	Reason   string   `json:"reason"`
	// ExpiresAt is when it ends, empty if it never does.
	ExpiresAt string `json:"expiresAt,omitempty"`

	// Soon says that this is within two weeks.
	Soon bool `json:"-"`
}

// String says in one line what the exception covers.
func (u UsedException) String() string {
	return "exception " + u.what()
}

// what is the line without its first word.
func (u UsedException) what() string {
	line := Escape(u.Name) + " covers " + strings.Join(u.Controls, ", ")
	if u.ExpiresAt != "" {
		line += ", until " + u.ExpiresAt
	}
	if u.Soon {
		line += ", which is soon"
	}
	return line
}

// Violation is one control that a template fails.
type Violation struct {
	Control  string    `json:"control"`
	Level    string    `json:"level"`
	Reason   string    `json:"reason"`
	Detail   string    `json:"detail"`
	Findings []Finding `json:"findings"`
}

// Finding is one place that fails a control.
type Finding struct {
	Path          string `json:"path"`
	Container     string `json:"container"`
	ContainerKind string `json:"containerKind"`
	// Value is nil, a bool, an int64, a string or a []string.
	Value    any    `json:"value"`
	Allowed  string `json:"allowed"`
	Explicit bool   `json:"explicit"`
	Fix      string `json:"fix"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	// RenderedLine is as that of Source; Column is 0 where it is not known.
	RenderedLine int `json:"renderedLine,omitempty"`

	// Order is the container's place in the pod, from 1; 0 is the pod itself.
	Order int `json:"-"`
	// Root is the path of the container or, for the pod, of the template.
	Root string `json:"-"`
	// Excerpt is the manifest around the finding.
	Excerpt Excerpt `json:"-"`
	// Edits bring the place to what Fix says, if they are known, and Review says
	// what to look at before they are let loose. Few formats want them, so that
	// nobody else has to find them.
	Edits  []Edit `json:"-"`
	Review string `json:"-"`
}

// Excerpt is a few lines of a file, the first of which has the number From. Of what
// was rendered it is what came out.
type Excerpt struct {
	From  int
	Lines []string
}

// Edit is a change of a file: Text takes the place of what stands from the
// start up to the end, which is the position behind it. Start and end are the
// same where something is put in. Lines and columns count from 1, columns in
// characters (Unicode code points).
type Edit struct {
	File                                       string
	StartLine, StartColumn, EndLine, EndColumn int
	Text                                       string
}

// Invalid is one setting that the API server's validation refuses.
type Invalid struct {
	Path    string `json:"path"`
	Message string `json:"message"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	// RenderedLine is as that of Finding.
	RenderedLine int `json:"renderedLine,omitempty"`

	// Excerpt is the manifest around it.
	Excerpt Excerpt `json:"-"`
}

// NotChecked is an object that seems to hold pods and was not judged.
type NotChecked struct {
	Source Source   `json:"source"`
	Object Object   `json:"object"`
	Paths  []string `json:"paths"`
	Reason string   `json:"reason"`
}

// Error is something that could not be read or decided.
type Error struct {
	Source  Source `json:"source"`
	Message string `json:"message"`
}

// String returns the error as one line, file:line: message.
func (e Error) String() string {
	if e.Source.File == "" { // of a cluster: the message names the object
		return EscapeSentence(e.Message)
	}
	return e.Source.Place() + ": " + EscapeSentence(e.Message)
}

// Summary counts what a check met. Objects is everything that was found in
// files, broken or not, and each object is in exactly one of Checked,
// NotChecked, PassedOver and Errors: they add up to Objects. Only errors about
// a file as a whole, one that does not open or holds no object, come on top.
//
// Errors is the number of errors in the report: objects that are broken or
// could not be judged, Namespaces whose labels are invalid or contradict those
// of another one, and such files. An object of which only a part could be
// checked is NotChecked, although it has results. Violating and Invalid count
// objects, too, among them the checked part of such a one.
//
// Ignored and Known count findings that would make objects violating else: those
// that manifests ask to be ignored, and those that the baseline knows.
type Summary struct {
	Objects    int `json:"objects"`
	Checked    int `json:"checked"`
	Violating  int `json:"violating"`
	Invalid    int `json:"invalid"`
	NotChecked int `json:"notChecked"`
	PassedOver int `json:"passedOver"`
	Errors     int `json:"errors"`
	Ignored    int `json:"ignored,omitempty"`
	Known      int `json:"known,omitempty"`
	// Fixed are findings that the baseline knows and that are gone from objects
	// that were met, and Gone counts those of objects that were not.
	Fixed []Fixed `json:"fixed,omitempty"`
	Gone  int     `json:"gone,omitempty"`
}

// Fixed is a finding of the baseline that is there no more.
type Fixed struct {
	Group     string `json:"group"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Control   string `json:"control"`
	// Path leads to the place by names, as the baseline has it.
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// object is the object, of a version that the baseline does not know.
func (f *Fixed) object() Object {
	o := Object{Kind: f.Kind, Namespace: f.Namespace, Name: f.Name}
	if f.Group != "" {
		o.APIVersion = f.Group + "/"
	}
	return o
}

// CheckWriter writes one report of a check, as it comes. Close completes the
// document and must be called whatever happened before.
type CheckWriter interface {
	Result(r *Result) error
	NotChecked(n NotChecked) error
	Error(e Error) error
	Close(s Summary) error
}
