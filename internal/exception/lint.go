package exception

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Lint returns what is wrong with exceptions by themselves, whatever they are for:
// of each in the order of the rules.
func Lint(all []*Exception, now time.Time) []Problem {
	var problems []Problem
	for i, e := range all {
		l := linter{e: e}
		l.end(now)
		l.controls()
		if strings.TrimSpace(e.Spec.Owner) == "" {
			l.add(noOwner, "spec.owner", "Nobody answers for it.", "name a person or a team in spec.owner")
		}
		l.protection()
		l.shadow(all, i, now)
		problems = append(problems, l.problems...)
	}
	return problems
}

// linter collects the problems of one exception.
type linter struct {
	e        *Exception
	problems []Problem
}

func (l *linter) add(rule Rule, path, message, fix string) {
	l.problems = append(l.problems, Problem{rule, l.e, path, message, fix})
}

const day = 24 * time.Hour

// end looks at when the exception ends.
func (l *linter) end(now time.Time) {
	const path = "spec.expiresAt"
	at, ends := l.e.Expires()
	on := at.UTC().Format(time.RFC3339)
	switch {
	case !ends:
		l.add(neverExpires, path, "It never ends.", "write into spec.expiresAt when it is to be looked at again")
	case l.e.Expired(now):
		l.add(expired, path, "It ended at "+on+", and covers nothing any more.", "remove it, or agree on a later spec.expiresAt")
	case l.e.ExpiresSoon(now):
		l.add(expiresSoon, path, "It ends at "+on+", within "+days(at.Sub(now))+".", "mend what it is for, or agree on a later spec.expiresAt")
	}
}

// days returns a time in days, rounded up.
func days(d time.Duration) string {
	n := int((d + day - 1) / day)
	if n == 1 {
		return "a day"
	}
	return strconv.Itoa(n) + " days"
}

// controls looks for what can never be covered.
func (l *linter) controls() {
	for i := range l.e.controls {
		c := &l.e.controls[i]
		known, ok := pss.LookupControl(pss.ID(c.id))
		if !ok {
			continue // of a profile, whose values are not known here
		}
		path := fmt.Sprintf("spec.controls[%d]", i)
		if l.e.containers != nil && !slices.ContainsFunc(known.Fields, ofContainer) {
			l.add(neverCovers, path,
				"It names containers, but only the pod as a whole can fail "+c.id+", which is then not covered.",
				"move "+c.id+" to an exception without spec.containers")
			continue
		}
		for j, v := range c.values {
			at := fmt.Sprintf("%s.values[%d]", path, j)
			name, prefixed := strings.CutPrefix(v, "CAP_")
			switch {
			case prefixed && strings.HasPrefix(c.id, "capabilities_"):
				l.add(capabilityPrefix, at, "Pods write capabilities without CAP_, and none runs with "+v+".", "write "+name)
			case !c.everStated(v):
				l.add(neverStated, at, fmt.Sprintf("No pod fails %s with the value %q.", c.id, v), "remove it; 'gabion explain "+c.id+"' says what the control allows")
			}
		}
	}
}

// ofContainer reports whether a field is one of containers. Annotations may be.
func ofContainer(field string) bool {
	return strings.Contains(field, "ontainers[*]") || strings.HasPrefix(field, "metadata.annotations")
}

// everStated reports whether a pod can fail the control with a value, at any
// level and version: one that states it in every field, if it may stand there.
func (c *control) everStated(value string) bool {
	probe := probeOf(value)
	alone := control{id: c.id, values: []string{value}, stricter: c.stricter, fields: c.fields}
	for minor := 0; ; minor++ {
		version := pss.V1(minor)
		if version > pss.NewestVersion() {
			return false
		}
		for _, level := range []pss.Level{pss.Baseline, pss.Restricted} {
			verdict, err := pss.Evaluator{}.Evaluate(probe.Pod, pss.LevelVersion{Level: level, Version: version})
			if err != nil {
				return true // nothing is known, so nothing is said
			}
			findings := Findings(verdict)
			if slices.ContainsFunc(findings, func(f Finding) bool { return alone.covers(&probe, &f) }) {
				return true
			}
		}
	}
}

// protection looks at who could use the exception.
func (l *linter) protection() {
	chosen := l.e.chosen()
	means := "whoever may make pods"
	if len(chosen) > 0 {
		means = "whoever writes its " + words(chosen) + " into a pod"
	}
	const fix = "name the namespaces, or select them by labels that only administrators write"
	switch {
	case l.e.Spec.Namespaces.All:
		l.add(everyNamespace, "spec.namespaces.all", "Every namespace is meant: it is for "+means+" in any of them.", fix)
	case l.e.anyUnlabelled():
		l.add(everyNamespace, "spec.namespaces.selector", "Every namespace is meant that lacks a label, and so almost any: it is for "+means+" in them.", fix)
	case l.e.containers.pinned():
		return // what runs is known, but for its arguments
	case len(chosen) > 0:
		l.add(namespaceOnly, "", "It is for "+means+" there: only the namespace protects it.",
			"let nobody make pods in the namespace who should not use it; an image with a digest protects, too")
	}
}

// anyUnlabelled reports whether namespaces are meant that have no labels at all.
func (e *Exception) anyUnlabelled() bool {
	n := &e.Spec.Namespaces
	return n.Names == nil && n.Selector != nil && e.namespaces.Match("", nil)
}

// chosen names what narrows the exception and is chosen by the pod's author.
func (e *Exception) chosen() []string {
	var names []string
	add := func(ok bool, name string) {
		if ok {
			names = append(names, name)
		}
	}
	if p := e.pods; p != nil {
		add(p.selector != nil, "labels")
		add(p.serviceAccounts != nil, "service account")
		add(p.runtimeClasses != nil, "runtime class")
	}
	if c := e.containers; c != nil {
		add(c.names != nil, "names of containers")
		add(c.kinds != nil, "kinds of containers")
		add(c.images != nil, "images (tags can be moved)")
	}
	return names
}

// pinned reports whether the containers run images that nobody can change.
func (s *containers) pinned() bool {
	if s == nil || len(s.images) == 0 {
		return false
	}
	for _, image := range s.images {
		if !image.Pinned() {
			return false
		}
	}
	return true
}

// words joins words as a sentence does.
func words(all []string) string {
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:len(all)-1], ", ") + " and " + all[len(all)-1]
}

// shadow looks for an exception that makes this one superfluous. Of two that say
// the same, the first by their order stays.
func (l *linter) shadow(all []*Exception, i int, now time.Time) {
	if l.e.Expired(now) {
		return
	}
	for j, other := range all {
		if i == j || other.Expired(now) || !other.includes(l.e) || j > i && l.e.includes(other) {
			continue
		}
		l.add(shadowed, "", "The exception "+other.Name+" covers all that it covers.", "remove it, or narrow "+other.Name)
		return
	}
}

// includesAll reports whether a list that narrows, nil for any, lets pass all that
// another does.
func includesAll[T comparable](a, b []T) bool {
	if a == nil {
		return true
	}
	return b != nil && !slices.ContainsFunc(b, func(x T) bool { return !slices.Contains(a, x) })
}

// allModes are the modes of a list, which are all if it is nil.
func allModes(modes []v1alpha1.Mode) []v1alpha1.Mode {
	if modes == nil {
		return []v1alpha1.Mode{v1alpha1.Enforce, v1alpha1.Audit, v1alpha1.Warn}
	}
	return modes
}
