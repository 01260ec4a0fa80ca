package cli

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/json"

	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/internal/rbac"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// backup is what a cluster with PodSecurityPolicy had, read from manifests.
type backup struct {
	input      *input
	policies   []*psp.Policy
	places     map[string]report.Source // of the policies, and of broken ones, by name
	roles      rbac.Objects
	rolePlaces map[rbac.Ref]report.Source           // of roles and bindings
	repeated   []string                             // what is said of those that come again
	accounts   map[[2]string]*corev1.ServiceAccount // by namespace and name
	pods       []workload.Item
	notChecked []report.NotChecked
	errors     []report.Error
	// server is the API server's version, the zero Version for manifests.
	server pss.Version
}

func newBackup(in *input) *backup {
	return &backup{
		input: in, places: map[string]report.Source{}, rolePlaces: map[rbac.Ref]report.Source{}, accounts: map[[2]string]*corev1.ServiceAccount{},
		notChecked: []report.NotChecked{}, errors: []report.Error{},
	}
}

// note says something to the person at the terminal.
func (b *backup) note(text string) { b.input.console.line("note: " + report.EscapeSentence(text)) }

// noteNoPolicies says that there is nothing to say anything about.
func (b *backup) noteNoPolicies() {
	switch {
	case len(b.policies) > 0 || len(b.errors) > 0:
	case b.server > lastWithPolicies:
		b.note(fmt.Sprintf("there is no PodSecurityPolicy: the cluster is of Kubernetes %s, and v1.25 removed it", b.server))
	default:
		b.note("there is no PodSecurityPolicy in the input")
	}
}

// read reads the whole input.
func (b *backup) read() {
	for item := range b.input.items() {
		b.take(&item)
	}
}

func (b *backup) take(item *workload.Item) {
	o := item.Object
	var err error
	switch group, _, _ := strings.Cut(o.APIVersion, "/"); {
	case item.Outcome == workload.Broken:
		err = item.Err
		if err == nil {
			err = errIncomplete // an outcome from a newer reader
		}
	case psp.IsPolicy(o.APIVersion, o.Kind):
		err = b.policy(item)
	case o.Kind == psp.Kind && (group == "policy" || group == "extensions"):
		err = fmt.Errorf("%s has no PodSecurityPolicy: it was in policy/v1beta1 and extensions/v1beta1", o.APIVersion)
	case group == "rbac.authorization.k8s.io":
		err = b.role(item)
	case o.APIVersion == "v1" && o.Kind == "ServiceAccount":
		account := new(corev1.ServiceAccount)
		if err = json.UnmarshalCaseSensitivePreserveInts(item.JSON, account); err == nil {
			b.accounts[[2]string{b.input.namespaceOf(item), o.Name}] = account
		}
	case item.Outcome == workload.NotChecked, len(item.Unchecked) > 0:
		n := b.input.notChecked(item)
		b.input.console.line(notCheckedLine(n))
		b.notChecked = append(b.notChecked, n)
	}
	if err != nil {
		b.fail(sourceOf(item, ""), err)
		return
	}
	if item.Outcome == workload.Read {
		kept := *item
		kept.JSON = nil
		b.pods = append(b.pods, kept)
	}
}

// fail reports what could not be read or simulated, one line each.
func (b *backup) fail(at report.Source, err error) {
	for _, line := range strings.Split(err.Error(), "\n") {
		e := report.Error{Source: at, Message: line}
		b.errors = append(b.errors, e)
		b.input.console.line(e.String())
	}
}

// policy takes a PodSecurityPolicy. One that the API server would have refused
// is an error, and left out.
func (b *backup) policy(item *workload.Item) error {
	at := sourceOf(item, "")
	p, unknown, err := psp.Parse(item.JSON)
	for _, u := range unknown {
		line := fmt.Sprintf("%s: PodSecurityPolicy %s: %s is no field of it and means nothing", report.Place(at.File, at.Line), item.Object.Name, u.Path)
		if close := closest(u.Path[strings.LastIndexByte(u.Path, '.')+1:], u.Known); close != "" {
			line += "; did you mean " + close + "?"
		}
		b.input.console.line("warning: " + report.EscapeSentence(line))
	}
	name := item.Object.Name
	if first, ok := b.places[name]; ok && name != "" {
		if !b.has(name) {
			return fmt.Errorf("PodSecurityPolicy %s comes again; the one at %s is broken, and this one is left out as well: nobody knows which was meant",
				name, report.Place(first.File, first.Line))
		}
		return fmt.Errorf("PodSecurityPolicy %s comes again; the one at %s counts", name, report.Place(first.File, first.Line))
	}
	b.places[name] = at
	if err != nil {
		return prefixed("PodSecurityPolicy "+name+": ", err)
	}
	b.policies = append(b.policies, p)
	return nil
}

// prefixed puts a text before each of the errors that are joined in one.
func prefixed(text string, err error) error {
	return fmt.Errorf("%s", text+strings.ReplaceAll(err.Error(), "\n", "\n"+text))
}
