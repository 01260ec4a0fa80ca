package workload

import (
	"strings"

	"github.com/gabion-security/gabion/pss"
)

// Source says where an object stands.
type Source struct {
	// File is the path as it was given plus what walking added, "-" for
	// standard input.
	File string
	// Document counts the documents of the file, from 1.
	Document int
	// Item is the object's place in its List, from 0; 0 for an object that
	// stands alone.
	Item int
	// Line is the line of the object's first token, counted from the file's
	// first line, from 1; 0 where it is not known.
	Line int
	// Rendered is nil for an object that stands in the file as it is. Otherwise
	// the file is what the object was made from, and Line, which is 0 where that
	// is not known, is the line that made it.
	Rendered *Rendered
}

// Rendered tells of an object that was made from a file, such as a template.
type Rendered struct {
	// Line is the line in the text that was made, from 1.
	Line int
	// Origin returns where in the file that is written which stands at a line and
	// a column of the text, for the value at a path of one of the object's
	// templates. The template is nil for the object itself. What is not known is
	// 0, the column or both.
	Origin func(t *Template, path string, line, column int) (int, int)
}

// Object names an object as its manifest does.
type Object struct {
	APIVersion string
	Kind       string
	Namespace  string
	Name       string
}

// Outcome says what the reader made of an object.
type Outcome uint8

// The outcomes. Each Item has one.
const (
	// PassedOver is an object without a pod in it, or a document that is not
	// Kubernetes.
	PassedOver Outcome = iota
	// Read is an object with at least one pod template, all of them read.
	Read
	// NotChecked is an object of a kind that the reader does not know and that
	// holds something shaped like a pod template. It must never count as fine.
	NotChecked
	// Broken is a document or object that could not be read. It must never
	// count as fine.
	Broken
)

// Item is one object of the input, or what was left of it.
type Item struct {
	Source  Source
	Object  Object
	Outcome Outcome
	// Kubernetes tells an object (apiVersion and kind) from a document that is
	// none.
	Kubernetes bool
	// Templates are the pod templates of an object that was Read, in the order
	// of their paths in the table of kinds; at least one.
	Templates []Template
	// JSON is the object as JSON, without the type that an item of a typed list
	// leaves out. It is nil unless [Options.JSON] asks for it, and for what is
	// Broken or no object.
	JSON []byte
	// Labels are metadata.labels of a core/v1 Namespace, nil for other kinds.
	Labels map[string]string
	// Annotations are those of metadata.annotations that [Options.Annotations]
	// names, nil if there are none.
	Annotations map[string]string
	// Controller is the owner that controls the object
	// (metadata.ownerReferences), the zero Owner if there is none.
	Controller Owner
	// Unchecked are the paths of what looks like pod templates and was not
	// read, sorted: in an object that was NotChecked, but also, beside those of
	// its Templates, in a custom resource that was Read.
	Unchecked []string
	// Reason says in one line why something was not checked.
	Reason string
	// Err says in one line what is wrong with a Broken item, without the
	// file's name; Source.Line is the nearest line known.
	Err error
}

// Owner is the object that controls another one.
type Owner struct{ APIVersion, Kind, Name, UID string }

// Template is one pod template of an object, or the pod itself.
type Template struct {
	// Path is where the template stands in its object, such as
	// "spec.template"; empty for a Pod.
	Path string
	// Partial marks a template whose controller adds to the pod on its own, so
	// that the verdict covers only what the object states.
	Partial bool
	// Pod is what the Pod Security Standards look at.
	Pod pss.Pod
	// RuntimeClass is spec.runtimeClassName, for exemptions.
	RuntimeClass string
	// Extra is what profiles and PodSecurityPolicy look at beyond Pod; nil
	// unless [Options.Extra] asks for it.
	Extra *Extra
	// Annotations are those of the template's own metadata that
	// [Options.Annotations] names, nil if there are none. A Pod has all of them in
	// its Item.
	Annotations map[string]string
	// JSON is the PodTemplateSpec, or the Pod, as the object states it. It is nil
	// unless [Options.JSON] asks for it, and for a pod that the controller puts
	// together from pieces.
	JSON []byte

	// Rendered is that of the object's Source.
	Rendered *Rendered

	doc     *document // for positions; nil if the template came without text
	renames renames   // where the object states what a PodSpec has elsewhere
	invalid []Invalid
}

// FullPath returns a path of the pod, as findings give it, as a path from the
// root of the object: spec.containers[0] becomes
// spec.template.spec.containers[0].
func (t *Template) FullPath(path string) string {
	for end := 1; end <= len(path) && !t.renames.none(); end++ {
		if end < len(path) && path[end] != '.' && path[end] != '[' {
			continue
		}
		r, ok := t.renames.find(path[:end])
		if !ok {
			continue
		}
		path = strings.TrimPrefix(r.to+path[end:], ".")
		if r.absolute {
			return path
		}
		break
	}
	if t.Path == "" || path == "" || path[0] == '[' {
		return t.Path + path
	}
	return t.Path + "." + path
}

// Invalid is one setting that the API server's validation refuses, although Pod
// Security admission has no opinion on it.
type Invalid struct {
	Path    string // from the pod's root
	Message string // the API server's words
}
