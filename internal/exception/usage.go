package exception

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Usage is what exceptions were used for. It is for one goroutine.
type Usage struct {
	set *Set
	now time.Time
	// used are the paths of what was used of each exception, values what pods
	// stated where any value is excepted.
	used   map[*Exception]map[string]bool
	values map[*Exception]map[string][]string
	// profile says that pods are judged by the controls of a profile, too.
	profile bool
}

// NewUsage returns the usage of exceptions by nothing yet. Profile says that the
// findings will be those of a profile, too: without, nothing is said of them.
func NewUsage(set *Set, profile bool, now time.Time) *Usage {
	return &Usage{
		set: set, now: now, profile: profile,
		used: map[*Exception]map[string]bool{}, values: map[*Exception]map[string][]string{},
	}
}

// Add has a pod use the exceptions for what is found in it in a mode. All that
// cover a finding are used.
func (u *Usage) Add(p Pod, mode v1alpha1.Mode, findings []Finding) {
	if len(findings) == 0 || !p.known() {
		return
	}
	for _, e := range u.set.InNamespace(p.Namespace, p.NamespaceLabels) {
		if e.Expired(u.now) || !e.counts(mode) || !e.matches(&p) {
			continue
		}
		for i := range findings {
			u.add(e, &p, &findings[i])
		}
	}
}

// add marks what of an exception covers a finding.
func (u *Usage) add(e *Exception, p *Pod, f *Finding) {
	if !e.covers(p, f) {
		return
	}
	if u.used[e] == nil {
		u.used[e], u.values[e] = map[string]bool{}, map[string][]string{}
	}
	used := u.used[e]
	mark := func(field string, i int) {
		if i >= 0 {
			used[element(field, i)] = true
		}
	}
	mark("spec.namespaces.names", slices.Index(e.Spec.Namespaces.Names, p.Namespace))
	if e.pods != nil {
		mark("spec.pods.serviceAccounts", slices.Index(e.pods.serviceAccounts, p.serviceAccount()))
		mark("spec.pods.runtimeClasses", slices.Index(e.pods.runtimeClasses, p.RuntimeClass))
	}
	if e.containers != nil {
		mark("spec.containers.names", slices.Index(e.containers.names, f.Container.Name))
		mark("spec.containers.kinds", slices.Index(e.containers.kinds, f.Container.Kind))
		if image := p.image(f.Container); image != nil {
			for j, pattern := range e.containers.images {
				if pattern.Match(image) {
					mark("spec.containers.images", j)
				}
			}
		}
	}
	for i := range e.controls {
		c := &e.controls[i]
		if !c.covers(p, f) {
			continue
		}
		mark("spec.controls", i)
		path := element("spec.controls", i)
		for j, v := range c.values {
			if f.states(p, v) {
				mark(path+".values", j)
			}
		}
		if c.missing && !f.Explicit {
			used[path+".missing"] = true
		}
		value, _ := f.name(p) // empty for a missing one
		if c.any() && !slices.Contains(u.values[e][path], value) {
			u.values[e][path] = append(u.values[e][path], value)
		}
	}
}

func element(field string, i int) string { return fmt.Sprintf("%s[%d]", field, i) }

// Problems returns the exceptions that were not used, and what of the others was
// not, by their names.
func (u *Usage) Problems() []Problem {
	var problems []Problem
	for _, e := range u.set.All() {
		l := linter{e: e}
		switch {
		case e.Expired(u.now) || !u.judged(e):
		case u.used[e] == nil:
			l.add(unused, "", "It covers nothing there.", "remove it if nothing else needs it")
		default:
			u.unused(&l)
		}
		problems = append(problems, l.problems...)
	}
	return problems
}

// judged reports whether pods were judged by a control of the exception.
func (u *Usage) judged(e *Exception) bool {
	return slices.ContainsFunc(e.controls, func(c control) bool { return u.judgedBy(c.id) })
}

func (u *Usage) judgedBy(id string) bool {
	_, standard := pss.LookupControl(pss.ID(id))
	return standard || u.profile
}

// unused looks for parts of an exception that nothing used.
func (u *Usage) unused(l *linter) {
	spec := &l.e.Spec
	part := func(field, noun string, names []string) {
		for i, name := range names {
			if path := element(field, i); !u.used[l.e][path] {
				l.add(broader, path, fmt.Sprintf("Nothing there uses it for the %s %s.", noun, name), "remove "+name+" if nothing else needs it")
			}
		}
	}
	part("spec.namespaces.names", "namespace", spec.Namespaces.Names)
	if p := spec.Pods; p != nil {
		part("spec.pods.serviceAccounts", "service account", p.ServiceAccounts)
		part("spec.pods.runtimeClasses", "runtime class", p.RuntimeClasses)
	}
	if c := spec.Containers; c != nil {
		part("spec.containers.names", "container", c.Names)
		kinds := make([]string, len(c.Kinds))
		for i, kind := range c.Kinds {
			kinds[i] = string(kind)
		}
		part("spec.containers.kinds", "kind", kinds)
		part("spec.containers.images", "image", c.Images)
	}
	for i, c := range spec.Controls {
		path := element("spec.controls", i)
		found := slices.Sorted(slices.Values(u.values[l.e][path]))
		switch {
		case !u.judgedBy(c.ID):
		case !u.used[l.e][path]:
			l.add(broader, path, "Nothing there uses it for the control "+c.ID+".", "remove "+c.ID+" if nothing else needs it")
		case c.Values != nil || c.Missing:
			part(path+".values", "value", c.Values)
			if c.Missing && !u.used[l.e][path+".missing"] {
				l.add(broader, path+".missing", "Everything there states a value of "+c.ID+".", "remove missing if nothing else needs it")
			}
		case len(found) > 0 && len(found) <= fewValues && !fixedValue(c.ID):
			l.anyValue(path, c.ID, found)
		}
	}
}

// anyValue says that less than every value is enough: those found, of which an empty
// one is a missing one.
func (l *linter) anyValue(path, id string, found []string) {
	used, fix := found, []string{}
	if found[0] == "" {
		used, fix = append([]string{"a missing one"}, found[1:]...), append(fix, "missing: true")
		found = found[1:]
	}
	if len(found) > 0 {
		fix = append(fix, "values: ["+strings.Join(found, ", ")+"]")
	}
	l.add(anyValue, path, fmt.Sprintf("Any value of %s is excepted, and %s was used.", id, words(used)), "write "+strings.Join(fix, " and "))
}

// fewValues is how many values a person would write down.
const fewValues = 5

// fixedValue reports whether a control can be failed with one value only, so that
// nothing is won by writing it down.
func fixedValue(id string) bool {
	switch id {
	case "privileged", "windowsHostProcess", "allowPrivilegeEscalation", "runAsNonRoot", "runAsUser":
		return true
	}
	return false
}
