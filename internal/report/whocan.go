package report

import (
	"fmt"
	"io"
	"strings"
)

// WhoCan says who can weaken or bypass Pod Security.
type WhoCan struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Can is what is asked about: weaken or bypass.
	Can string `json:"can"`
	// OpenNamespaces are those where nothing is enforced: in them pods bypass it.
	OpenNamespaces []WhoCanNamespace `json:"openNamespaces"`
	// Grants are by binding.
	Grants []WhoCanGrant `json:"grants"`
	// Unknown are bindings to roles that could not be seen.
	Unknown []WhoCanGrant `json:"unknown"`
	// Missing is what could not be listed: others may be able too.
	Missing []WhoCanMissing `json:"missing"`
	// Rights are those that the grants name, in the order of their weight.
	Rights []WhoCanRight `json:"rights"`
	// Outside are ways that no RBAC decides on.
	Outside []string      `json:"outside"`
	Summary WhoCanSummary `json:"summary"`
}

// WhoCanNamespace is a namespace where nothing is enforced.
type WhoCanNamespace struct {
	Namespace string `json:"namespace"`
	Reason    string `json:"reason"`
}

// WhoCanGrant is what a binding gives to its subjects.
type WhoCanGrant struct {
	Subjects []WhoCanSubject `json:"subjects"`
	Binding  WhoCanRef       `json:"binding"`
	Role     WhoCanRef       `json:"role"`
	Rights   []WhoCanHeld    `json:"rights"`
}

// WhoCanSubject is a User, a Group or a ServiceAccount.
type WhoCanSubject struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// String returns kind and name, such as "ServiceAccount ci/bot".
func (s WhoCanSubject) String() string { return WhoCanRef(s).String() }

// WhoCanRef names a binding or a role.
type WhoCanRef struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// String returns kind and name, such as "Role shop/owner".
func (r WhoCanRef) String() string {
	if r.Namespace == "" {
		return r.Kind + " " + Escape(r.Name)
	}
	return r.Kind + " " + Escape(r.Namespace) + "/" + Escape(r.Name)
}

// WhoCanHeld is a right as far as one API group and some verbs give it.
type WhoCanHeld struct {
	Right     string   `json:"right"`
	APIGroup  string   `json:"apiGroup"`
	Verbs     []string `json:"verbs"`
	Resources []string `json:"resources"`
	// Names are the only objects that it is for, empty for all.
	Names []string `json:"names"`
	// Everywhere says that it counts in all namespaces and for objects without
	// one; else it counts in Namespaces.
	Everywhere bool     `json:"everywhere"`
	Namespaces []string `json:"namespaces"`
	// As are the others whose rights come with it, AsTotal their number.
	As      []WhoCanSubject `json:"as"`
	AsTotal int             `json:"asTotal"`
}

// WhoCanMissing is a resource that could not be listed, in one namespace or, if
// it is empty, anywhere.
type WhoCanMissing struct {
	Resource  string `json:"resource"`
	Namespace string `json:"namespace"`
	Reason    string `json:"reason"`
}

// String returns a sentence.
func (m WhoCanMissing) String() string {
	where := ""
	if m.Namespace != "" {
		where = " in namespace " + Escape(m.Namespace)
	}
	return fmt.Sprintf("%s could not be listed%s, so that others may be able too: %s", Escape(m.Resource), where, EscapeSentence(m.Reason))
}

// WhoCanRight says what a right is good for.
type WhoCanRight struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Why   string `json:"why"`
}

// WhoCanSummary counts.
type WhoCanSummary struct {
	// Subjects and Bindings are those in the report.
	Subjects int `json:"subjects"`
	Bindings int `json:"bindings"`
	// SystemSubjects are components of Kubernetes that can too, and are left out
	// unless SystemShown.
	SystemSubjects int  `json:"systemSubjects"`
	SystemShown    bool `json:"systemShown"`
}

// WhoCanFormats are the formats of the report.
func WhoCanFormats() []string { return []string{"table", "wide", "json", "yaml", "markdown"} }

// WriteWhoCan writes the report in a format of [WhoCanFormats]; an unknown
// format is an error.
func WriteWhoCan(w io.Writer, format string, style Style, r *WhoCan) error {
	var text string
	switch format {
	case "table", "wide":
		text = whoCanTable(r, style, format == "wide")
	case "markdown":
		text = whoCanMarkdown(r)
	default:
		return writeDocument(w, format, r)
	}
	_, err := io.WriteString(w, text)
	return err
}

// title returns what a right is in a few words.
func (r *WhoCan) title(id string) string {
	for i := range r.Rights {
		if r.Rights[i].ID == id {
			return r.Rights[i].Title
		}
	}
	return id
}

// permission returns verbs and resources as kubectl writes them.
func (h *WhoCanHeld) permission() string {
	resources := make([]string, len(h.Resources))
	for i, resource := range h.Resources {
		name, sub, nested := strings.Cut(resource, "/")
		if h.APIGroup != "" {
			name += "." + h.APIGroup
		}
		if nested {
			name += "/" + sub
		}
		resources[i] = name
	}
	return strings.Join(h.Verbs, ",") + " " + strings.Join(resources, ",")
}

// where returns for which objects a right counts.
func (h *WhoCanHeld) where() string {
	text := "everywhere"
	if !h.Everywhere {
		text = few("in ", h.Namespaces)
	}
	if len(h.Names) > 0 {
		text += few(", named ", h.Names)
	}
	return text
}

// as returns whose rights come with it.
func (h *WhoCanHeld) as() string {
	if len(h.As) == 0 {
		return ""
	}
	var names []string
	for _, s := range h.As[:min(len(h.As), maxFew)] {
		names = append(names, s.String())
	}
	text := ": " + strings.Join(names, ", ")
	if more := len(h.As) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// maxFew is how many names a cell holds.
const maxFew = 3

// few lists some names, and says how many there are if they are many.
func few(prefix string, names []string) string {
	shown := names[:min(len(names), maxFew)]
	text := make([]string, len(shown))
	for i, name := range shown {
		text[i] = Escape(name)
	}
	if more := len(names) - len(shown); more > 0 {
		return fmt.Sprintf("%s%s and %d more", prefix, strings.Join(text, ", "), more)
	}
	return prefix + strings.Join(text, ", ")
}
