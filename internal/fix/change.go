package fix

import (
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// Action is what a change does.
type Action uint8

// The actions of changes.
const (
	Set    Action = iota // gives a field a value
	Append               // adds an item to a list
	Remove               // takes away a field, or an item of a list
)

// Change is one setting of a pod that is changed.
type Change struct {
	// Control is the control that asks for it.
	Control pss.ID
	Action  Action
	// Path is where, from the root of the object.
	Path string
	// Container is where it belongs to, nil for the pod itself.
	Container *pss.Container
	// Was is what the object states there, nil if nothing.
	Was any
	// Value is what it states afterwards: a boolean or a string, of a list the item
	// that is added; nil for what is removed.
	Value any
	// Stated says that the object states otherwise what is changed, and was
	// overruled.
	Stated bool
	// Review says what a person should look at before pods with the change are let
	// loose, empty if it can stop no program.
	Review string
	// Line and Column are where the text says it, or where what is nearest to it
	// stands; 0 if that is not known.
	Line, Column int

	covers   []offence
	template *workload.Template
	text     workload.Text
	steps    []any // from the root of the text to what is edited
	object   int   // how many of them lead to the object
}

// offence tells findings apart.
type offence struct {
	control pss.ID
	path    string // from the root of the pod
}

// Reason says why something is left as it is.
type Reason string

// The reasons.
const (
	// ReasonStated is a setting that somebody has made on purpose; it can be
	// overruled.
	ReasonStated Reason = "stated"
	// ReasonManual is what no field can make up for.
	ReasonManual Reason = "manual"
	// ReasonConflict is what would contradict a setting that is left.
	ReasonConflict Reason = "conflict"
	// ReasonWindows is what the API server does not take for a pod of Windows.
	ReasonWindows Reason = "windows"
	// ReasonText is a text that cannot be edited without changing more.
	ReasonText Reason = "text"
)

// Left is a finding that is left.
type Left struct {
	Control   pss.ID
	Path      string // from the root of the object
	Container *pss.Container
	Value     any
	Reason    Reason
	// Advice says what to do instead.
	Advice       string
	Line, Column int
}
