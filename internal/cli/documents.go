package cli

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/document"
	"github.com/gabion-security/gabion/internal/guard"
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/plan"
	"github.com/gabion-security/gabion/internal/policy"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/internal/upgrade"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// documentOptions name files with guards, profiles and exceptions.
type documentOptions struct {
	system     *System
	dir        string
	exceptions []string
	// lenient judges without exceptions of the folder that cannot be read, as serve
	// does; whoever asks for it has to fail at the end by [documents.unread].
	lenient bool
}

// flags defines the flags that name them.
func (o *documentOptions) flags(fs *pflag.FlagSet) {
	policyDirFlag(fs, &o.dir)
	exceptionsFlag(fs, &o.exceptions)
}

// policyDirFlag defines --policy-dir.
func policyDirFlag(fs *pflag.FlagSet, to *string) {
	fs.StringVar(to, "policy-dir", "",
		"the `FOLDER` that 'gabion serve --policy-dir' reads: PodSecurityGuards, PodSecurityProfiles and PodSecurityExceptions")
}

// given reports whether any are named.
func (o *documentOptions) given() bool { return o.dir != "" || len(o.exceptions) > 0 }

// stdin refuses to read standard input twice.
func (o *documentOptions) stdin(taken bool) error {
	at := slices.Index(o.exceptions, workload.Stdin)
	if at >= 0 && (taken || slices.Contains(o.exceptions[at+1:], workload.Stdin)) {
		return usagef("standard input (-) can be read only once")
	}
	return nil
}

// documents are the guards, profiles and exceptions that count, at one moment: those
// of files and, once they are known, those of a cluster.
type documents struct {
	policy.Set

	files policy.Set
	// tried are the names of the exceptions of --exceptions. They take the places of
	// the cluster's.
	tried []string
	now   time.Time
	// unread says which exceptions of the folder could not be read.
	unread error
}

// read reads the files. What cannot be read is an error: nothing is judged by half of
// it, but leniently without the exceptions of a file.
func (o *documentOptions) read() (*documents, error) {
	d := &documents{now: o.system.Now()}
	if o.dir != "" {
		var err error
		if d.files, err = policy.ReadFolder(os.DirFS(o.dir)); err == nil {
			d.unread = faultOf(&d.files)
		}
		if err == nil && !o.lenient {
			err = d.unread
		}
		if err != nil {
			return nil, fmt.Errorf("--policy-dir: %s: %w", report.Escape(o.dir), err)
		}
	}
	tried, _, err := exceptionsOf(o.exceptions, o.system.Stdin)
	if err != nil {
		return nil, fmt.Errorf("--exceptions: %w", err)
	}
	for _, e := range tried {
		d.tried = append(d.tried, e.Name)
	}
	d.files.Placed = append(d.files.Placed, tried...)
	d.Set, _ = policy.Compose(d.files, policy.Objects{})
	if err := faultOf(&d.Set); err != nil {
		return nil, fmt.Errorf("--exceptions: %w", err)
	}
	console := newConsole(o.system)
	for _, e := range d.files.Placed {
		if at, _ := e.Expires(); e.Expired(d.now) {
			console.line(fmt.Sprintf("note: %s: the exception %s covers nothing: it ended at %s",
				report.Place(e.File, e.Line), report.Escape(e.Name), at.UTC().Format(time.RFC3339)))
		}
	}
	return d, nil
}

// faultOf returns what is wrong with exceptions, if anything is.
func faultOf(s *policy.Set) error {
	if len(s.Faults) == 0 {
		return nil
	}
	return fmt.Errorf("%s", report.EscapeSentence(s.Faults[0]))
}

func (d *documents) clock() time.Time { return d.now }

// with adds those of a cluster, and says that they count. Of guards and profiles,
// what cannot be read is not known, and noted in the inventory. Exceptions that cannot
// be read are none.
func (d *documents) with(inv *inventory.Inventory, console *console) {
	found := objectsOf(inv)
	found.Exceptions = slices.DeleteFunc(found.Exceptions, func(e policy.Placed) bool { return slices.Contains(d.tried, e.Name) })
	var notes []string
	d.Set, notes = policy.Compose(d.files, found)
	if n := len(found.Guards) + len(found.Profiles) + len(found.Exceptions); n > 0 {
		console.line(fmt.Sprintf("note: %s, %s and %s of the cluster count", plural(len(found.Guards), "guard"),
			plural(len(found.Profiles), "profile"), plural(len(found.Exceptions), "exception")))
	}
	if inv.Unexcepted != "" {
		console.line("note: the exceptions of the cluster could not be listed and count as none: " + report.EscapeSentence(inv.Unexcepted))
	}
	for _, fault := range found.ExceptionFaults {
		notes = append(notes, "it counts as none: "+fault)
	}
	for _, note := range notes {
		console.line("note: an object of the cluster: " + report.EscapeSentence(note))
	}
	for _, named := range d.Guards.Profiles() {
		if d.Profiles[named.Name] == nil {
			console.line(fmt.Sprintf("note: every pod is refused where %s counts: there is no PodSecurityProfile %s", policy.By(named.Guards), report.Escape(named.Name)))
		}
	}
	for _, fault := range found.Faults {
		inv.Errors = append(inv.Errors, inventory.Problem{Source: workload.Source{File: policy.InObject}, Reason: fault})
	}
}

// objects reads the objects of an inventory.
func objectsOf(inv *inventory.Inventory) policy.Objects {
	var all []document.Object
	for _, one := range inv.Documents {
		all = append(all, document.Object(one))
	}
	return (&policy.ObjectReader{}).Read(all)
}

// excepting returns the exceptions, nil if there are none.
func (d *documents) excepting() *exceptions {
	if len(d.Exceptions.All()) == 0 {
		return nil
	}
	return &exceptions{set: d.Exceptions, now: d.now}
}

// guarded reports whether there are guards.
func (d *documents) guarded() bool { return d != nil && d.Guards.Len() > 0 }

// pods returns what guards ask of the pods of a namespace; nil labels are not known.
func (d *documents) pods(namespace string, labels map[string]string) guard.Pods {
	switch {
	case !d.guarded():
		return guard.Pods{}
	case labels == nil:
		return d.Guards.PodsAtWorst(namespace)
	}
	return d.Guards.Pods(namespace, labels)
}

// beside returns what guards ask of the pods of a namespace, which has the labels, or
// whatever these are if they are not known.
func (d *documents) beside(name string, labels map[string]string) admission.PodGuarding {
	if !d.guarded() {
		return admission.PodGuarding{}
	}
	asked := d.Guards.PodsAnyway(name)
	if labels != nil {
		asked = d.Guards.Pods(name, labels)
	}
	return d.PodGuarding(asked, name, labels, d.clock)
}

// forPlan returns what a plan asks of guards: the floors of a namespace, and what is
// excepted of them by its labels as they stand.
func (d *documents) forPlan(ns *inventory.Namespace) ([]plan.Floor, plan.Except) {
	var floors []plan.Floor
	for _, f := range d.surely(ns).Floors {
		floors = append(floors, plan.Floor{Policy: f.Policy, Guards: f.Guards})
	}
	x := d.excepting()
	if !x.inNamespace(ns.Name, labelsOf(ns)) {
		return floors, nil
	}
	return floors, func(v *inventory.View, verdict pss.Verdict) pss.Verdict {
		match := x.of(ns.Name, labelsOf(ns), v.Template(), v1alpha1.Enforce)
		left, _ := match.Except(verdict)
		return left
	}
}

// forUpgrade returns the floors of a namespace, which are policies like those of labels,
// and the levels of its profiles: what else profiles ask no upgrade changes.
func (d *documents) forUpgrade(ns *inventory.Namespace) []upgrade.Floor {
	var floors []upgrade.Floor
	asked := d.surely(ns)
	for _, f := range asked.Floors {
		floors = append(floors, upgrade.Floor{Policy: f.Policy, Guards: f.Guards})
	}
	for _, p := range asked.Profiles {
		if by := d.Profiles[p.Name]; by != nil {
			floors = append(floors, upgrade.Floor{Policy: by.Base(), Guards: p.Guards})
		}
	}
	return floors
}

// surely returns what the guards ask that mean a namespace, whatever its labels are if
// these are not known.
func (d *documents) surely(ns *inventory.Namespace) guard.Pods {
	if !ns.Stated {
		return d.Guards.PodsAnyway(ns.Name)
	}
	return d.Guards.Pods(ns.Name, labelsOf(ns))
}

// enforced reports whether guards enforce a level on the pods of a namespace, by a floor
// or a profile, or let in none.
func (d *documents) enforced(ns *inventory.Namespace) bool {
	asked := d.surely(ns)
	return slices.ContainsFunc(asked.Floors, func(f guard.Floor) bool {
		return f.Policy.Level > pss.Privileged
	}) || slices.ContainsFunc(asked.Profiles, func(p guard.Profile) bool {
		by := d.Profiles[p.Name]
		return by == nil || by.Base().Level > pss.Privileged
	})
}

// change returns what guards say of other labels for a namespace.
func (d *documents) change(name string, before, after map[string]string, defaults pss.Policy, e pss.Evaluator) admission.Guarding {
	if !d.guarded() {
		return admission.Guarding{}
	}
	return d.Changes(nil).Judge(admission.NamespaceChange{Name: name, Before: before, After: after, Defaults: defaults, Evaluator: e})
}
