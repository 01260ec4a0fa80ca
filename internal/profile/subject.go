package profile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// subject is a pod under judgement.
type subject struct {
	*workload.Template

	// excused says that settings which mean something on Linux only may be
	// missing.
	excused bool
	// version is that of the profile's base.
	version pss.Version

	names map[string]bool // of the containers; nil until one is asked for
}

// container is a container with both its views.
type container struct {
	*pss.Container

	extra *workload.ContainerExtra
}

// containers yields the containers in the order of the pod.
func (s *subject) containers(yield func(container) bool) {
	for i := range s.Pod.Containers {
		if !yield(container{&s.Pod.Containers[i], &s.Extra.Containers[i]}) {
			return
		}
	}
}

// hasContainer reports whether a container of the pod has the name.
func (s *subject) hasContainer(name string) bool {
	if s.names == nil {
		s.names = make(map[string]bool, len(s.Pod.Containers))
		for i := range s.Pod.Containers {
			s.names[s.Pod.Containers[i].Name] = true
		}
	}
	return s.names[name]
}

// path returns a field of the container as a path from the pod's root.
func (c container) path(field string) string {
	return fmt.Sprintf("spec.%s[%d].%s", c.Kind.Field(), c.Index, field)
}

// found returns a finding about something that the container states.
func (c container) found(field string, value pss.Value, allowed, fix string) Finding {
	return Finding{Container: c.Container, Path: c.path(field), Value: value, Allowed: allowed, Fix: fix, Explicit: true}
}

// missing returns a finding about something that the container does not state.
func (c container) missing(field, allowed, fix string) Finding {
	return Finding{Container: c.Container, Path: c.path(field), Allowed: allowed, Fix: fix}
}

// found returns a finding about something that the pod states.
func found(field string, value pss.Value, allowed, fix string) Finding {
	return Finding{Path: "spec." + field, Value: value, Allowed: allowed, Fix: fix, Explicit: true}
}

// missing returns a finding about something that the pod does not state.
func missing(field, allowed, fix string) Finding {
	return Finding{Path: "spec." + field, Allowed: allowed, Fix: fix}
}

// sentence says who offends, and what they must do: pod and containers "a", "b"
// must not …. As in the standard's sentences names are quoted, not escaped.
func sentence(findings []Finding, must string) string {
	pod := slices.ContainsFunc(findings, func(f Finding) bool { return f.Container == nil })
	var names []string
	seen := map[*pss.Container]bool{}
	for _, f := range findings {
		if f.Container != nil && !seen[f.Container] {
			seen[f.Container] = true
			names = append(names, `"`+f.Container.Name+`"`)
		}
	}
	var b strings.Builder
	if pod {
		b.WriteString("pod")
	}
	if len(names) > 0 {
		if pod {
			b.WriteString(" and ")
		}
		b.WriteString("container")
		if len(names) > 1 {
			b.WriteByte('s')
		}
		b.WriteString(" " + strings.Join(names, ", "))
	}
	b.WriteString(" " + must)
	var values []string
	for _, f := range findings {
		if text := f.Value.String(); f.Explicit && text != "" && text != "true" && text != "false" {
			values = append(values, `"`+text+`"`)
		}
	}
	slices.Sort(values)
	if values = slices.Compact(values); len(values) > 0 {
		b.WriteString("; found " + strings.Join(values, ", "))
	}
	return b.String()
}

// index returns name[i].
func index(name string, i int) string { return name + "[" + strconv.Itoa(i) + "]" }

// containerFields returns a field of containers of every kind.
func containerFields(field string) []string {
	return []string{
		"spec.initContainers[*]." + field, "spec.containers[*]." + field, "spec.ephemeralContainers[*]." + field,
	}
}

// eitherFields returns a field that pods and containers both have.
func eitherFields(field string) []string {
	return append([]string{"spec." + field}, containerFields(field)...)
}
