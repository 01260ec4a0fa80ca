package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"
)

// APIVersion is the version of the reports' contract.
const APIVersion = "gabion.io/v1alpha1"

// The answers to where a policy came from.
const (
	FromFlag      = "flag"      // --level or --version
	FromNamespace = "namespace" // the enforce label of the Namespace in the input
	FromDefault   = "default"   // nothing said anything: restricted:latest
	FromFloor     = "floor"     // --at-least, which the input cannot lower
	FromProfile   = "profile"   // the base of --profile
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
	// Profile is the name of the profile that adds to the policy, if one does.
	Profile string `json:"profile,omitempty"`
	// Partial marks a template to which a controller adds on its own.
	Partial bool `json:"partial"`
	Verdict
	// Invalid is what the API server refuses although Pod Security admission
	// has no opinion on it.
	Invalid []Invalid `json:"invalid"`
	// Warn and Audit are the namespace's other modes, where their policy
	// differs from the enforced one.
	Warn  *Mode `json:"warn,omitempty"`
	Audit *Mode `json:"audit,omitempty"`
}

// Mode is the judgement of a template by a policy that refuses nobody.
type Mode struct {
	Policy string `json:"policy"`
	Verdict
}

// Verdict is what Pod Security admission says, with the places it is about.
type Verdict struct {
	Allowed    bool        `json:"allowed"`
	Reason     string      `json:"reason"`
	Message    string      `json:"message"`
	Violations []Violation `json:"violations"`
	// Exceptions are those that cover what would be violations else.
	Exceptions []UsedException `json:"exceptions,omitempty"`
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
}

// Invalid is one setting that the API server's validation refuses.
type Invalid struct {
	Path    string `json:"path"`
	Message string `json:"message"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
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
type Summary struct {
	Objects    int `json:"objects"`
	Checked    int `json:"checked"`
	Violating  int `json:"violating"`
	Invalid    int `json:"invalid"`
	NotChecked int `json:"notChecked"`
	PassedOver int `json:"passedOver"`
	Errors     int `json:"errors"`
}

// CheckWriter writes one report of a check, as it comes. Close completes the
// document and must be called whatever happened before.
type CheckWriter interface {
	Result(r *Result) error
	NotChecked(n NotChecked) error
	Error(e Error) error
	Close(s Summary) error
}

// CheckFormats are the formats of a check's report.
func CheckFormats() []string { return []string{"table", "wide", "json", "yaml", "name"} }

// NewCheck returns the writer of a format of [CheckFormats], and false for any
// other format.
func NewCheck(format string, w io.Writer, style Style) (CheckWriter, bool) {
	switch format {
	case "table":
		return &checkTable{w: w, style: style}, true
	case "wide":
		return &checkTable{w: w, style: style, wide: true}, true
	case "json":
		return &checkJSON{w: w}, true
	case "yaml":
		return &checkYAML{w: w}, true
	case "name":
		return &checkName{w: w}, true
	}
	return nil, false
}
