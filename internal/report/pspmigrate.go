package report

import (
	"encoding/json"
	"io"
	"strings"
)

// Migration is the way from PodSecurityPolicy to Pod Security by the steps of the
// Kubernetes migration guide, as a cluster stands.
type Migration struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Server is the release of the API server, empty for manifests; Version is
	// what it behaves as.
	Server  string `json:"server"`
	Version string `json:"version"`
	// Target is the level that namespaces are brought to.
	Target string `json:"target"`
	// Calendar says what the version means.
	Calendar []string          `json:"calendar"`
	Steps    []MigrationStep   `json:"steps"`
	Policies []MigrationPolicy `json:"policies"`
	// LeftOut are policies of which nothing is said.
	LeftOut    []MigrationLeftOut   `json:"leftOut"`
	Editors    []MigrationEditor    `json:"editors"`
	Namespaces []MigrationNamespace `json:"namespaces"`
	Bypass     MigrationBypass      `json:"bypass"`
	// Defaults is the API server's configuration for namespaces that have no
	// labels, empty if none is proposed; NoDefaults is why.
	Defaults   string `json:"defaults"`
	NoDefaults string `json:"noDefaults"`
	// Retire is what is deleted in the end, in the form of commands.
	Retire []string `json:"retire"`
	// Gaps are what was not seen and may matter anywhere.
	Gaps       []string     `json:"gaps"`
	NotChecked []NotChecked `json:"notChecked"`
	Errors     []Error      `json:"errors"`
}

// The states of a step.
const (
	MigrationDone   = "done"
	MigrationOpen   = "open"   // there is something to do
	MigrationDecide = "decide" // nobody but you can
	MigrationWaits  = "waits"  // for an earlier step
)

// MigrationStep is a step of the guide.
type MigrationStep struct {
	// Step is its number in the guide.
	Step  string `json:"step"`
	Title string `json:"title"`
	State string `json:"state"`
	Why   string `json:"why"`
}

// MigrationPolicy is a policy beside the standard.
type MigrationPolicy struct {
	Source  Source `json:"source"`
	Name    string `json:"name"`
	Nearest string `json:"nearest"`
	// Mutates are the fields by which it changes pods, and Lost the controls of a
	// profile that the nearest level does not have.
	Mutates []string `json:"mutates"`
	Lost    []string `json:"lost"`
	// Dropped and Kept are the fields that 'gabion psp simplify' drops, and would
	// drop if no pod depended on them.
	Dropped []string `json:"dropped"`
	Kept    []string `json:"kept"`
	// AdmitsMore is what of that refused something that the copy admits.
	AdmitsMore []MigrationLoosened `json:"admitsMore"`
	// Copied says that the simplified copy is there.
	Copied bool `json:"copied"`
	// Ungranted are the roles that let it be used by its name, and not a copy of it.
	Ungranted []string `json:"ungranted"`
}

// MigrationLoosened is a setting that a copy does without, and what is admitted then.
type MigrationLoosened struct {
	Field string `json:"field"`
	Value string `json:"value"`
	Then  string `json:"then"`
}

// MoreAdmitted says in words what a copy of the policy admits that the policy does
// not, empty for nothing.
func (p *MigrationPolicy) MoreAdmitted() string {
	if len(p.AdmitsMore) == 0 {
		return ""
	}
	var all []string
	for _, l := range p.AdmitsMore {
		text := l.Then + ": " + shortField(l.Field) + " " + shortValue(l.Value) + " counts no more"
		if !strings.HasPrefix(l.Field, "metadata.annotations[") { // profiles have nothing for defaults
			text += " ('gabion psp convert' keeps it as a profile)"
		}
		all = append(all, text)
	}
	return "from then on " + strings.Join(all, "; ")
}

// MigrationLeftOut is a policy that cannot be in force.
type MigrationLeftOut struct {
	Source Source `json:"source"`
	Name   string `json:"name"`
	Why    string `json:"why"`
}

// MigrationEditor is who can label or create namespaces.
type MigrationEditor struct {
	Subjects []string `json:"subjects"`
	Binding  string   `json:"binding"`
	Role     string   `json:"role"`
	Can      []string `json:"can"`
	Where    []string `json:"where"`
}

// The states of a namespace.
const (
	MigrationNamespaceDone       = "done"       // labelled, and no PodSecurityPolicy does anything there
	MigrationNamespaceLabel      = "label"      // its labels can be set now
	MigrationNamespaceBypass     = "bypass"     // labelled; PodSecurityPolicy is still in force
	MigrationNamespacePatch      = "patch"      // templates have to say first what policies say for them
	MigrationNamespaceFix        = "fix"        // it passes nothing but privileged
	MigrationNamespaceIncomplete = "incomplete" // not everything in it was seen
	MigrationNamespaceLeft       = "left"       // it is left alone
)

// MigrationNamespace is a namespace on its way.
type MigrationNamespace struct {
	Name  string `json:"name"`
	State string `json:"state"`
	Why   string `json:"why"`
	// Policies are those by which its pods are admitted.
	Policies []string `json:"policies"`
	// Enforces is the policy in force, Passes the strictest level that everything
	// in it passes, and PassesPatched the same once the templates are patched.
	Enforces      string `json:"enforces"`
	Passes        string `json:"passes"`
	PassesPatched string `json:"passesPatched"`
	// Labels are those to set now, empty for none.
	Labels   map[string]string  `json:"labels"`
	Patches  []MigrationPatch   `json:"patches"`
	Refused  []MigrationRefused `json:"refused"`
	Next     string             `json:"next"`
	Blockers []PlanBlocker      `json:"blockers"`
	Bypassed bool               `json:"bypassed"`
}

// MigrationPatch is a template that has to say what a policy says for its pods.
type MigrationPatch struct {
	Object Object `json:"object"`
	// Template is the path of the template.
	Template string      `json:"template"`
	Policy   string      `json:"policy"`
	Settings []PSPChange `json:"settings"`
	// Patch is a strategic merge patch of the object, null if its kind has none or
	// its template never changes, as that of a Job.
	Patch json.RawMessage `json:"patch"`
	// Command applies it, empty for none.
	Command string `json:"command"`
}

// MigrationRefused is a template whose pods no policy admits.
type MigrationRefused struct {
	Object  Object `json:"object"`
	Message string `json:"message"`
}

// MigrationBypass is the policy that admits everything, and who may use it: in
// the namespaces with the binding PodSecurityPolicy does nothing any more.
type MigrationBypass struct {
	Policy  json.RawMessage `json:"policy"`
	Role    json.RawMessage `json:"role"`
	Binding string          `json:"binding"`
	// There says that policy and role are there.
	There bool `json:"there"`
	// All are bound roles that let every policy be used, and so this one as soon as
	// it is there, by others than the superusers.
	All []string `json:"all"`
}

// MigrationFormats are the formats of a migration.
func MigrationFormats() []string { return []string{"text", "markdown", "html", "json", "yaml"} }

// WriteMigration writes the migration in a format of [MigrationFormats]; an
// unknown format is an error.
func WriteMigration(w io.Writer, format string, style Style, m *Migration) error {
	var text string
	switch format {
	case "text":
		text = sectionsText(m.sections(), style)
	case "markdown":
		text = "# " + markdownText(m.title()) + "\n\n" + sectionsMarkdown(m.sections())
	case "html":
		text = sectionsHTML(m.title(), m.sections())
	default:
		return writeDocument(w, format, m)
	}
	_, err := io.WriteString(w, text)
	return err
}

func (m *Migration) title() string {
	if m.Server == "" {
		return "From PodSecurityPolicy to Pod Security, Kubernetes " + m.Version
	}
	return "From PodSecurityPolicy to Pod Security on " + m.Server
}
