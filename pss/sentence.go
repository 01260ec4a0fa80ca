package pss

import (
	"slices"
	"strconv"
)

// The API server's sentences are assembled here. Names and values are quoted
// but, as upstream does it, not escaped: whoever shows them must.

// appendQuoted appends the items in double quotes, separated by commas.
func appendQuoted(b []byte, items []string) []byte {
	for i, item := range items {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, '"')
		b = append(b, item...)
		b = append(b, '"')
	}
	return b
}

// appendJoined appends the items bare, separated by commas.
func appendJoined(b []byte, items []string) []byte {
	for i, item := range items {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, item...)
	}
	return b
}

// plural returns one for a count of 1 and many for every other.
func plural(count int, one, many string) string {
	if count == 1 {
		return one
	}
	return many
}

// appendCounted appends `container "a"` or `containers "a", "b"`.
func appendCounted(b []byte, one, many string, names []string) []byte {
	b = append(b, plural(len(names), one, many)...)
	b = append(b, ' ')
	return appendQuoted(b, names)
}

// containerNames appends the names of the containers that the findings are in,
// in their order, each container once: two containers of one name give it twice.
func containerNames(to []string, findings []Finding) []string {
	var last *Container
	for i := range findings {
		if c := findings[i].Container; c != nil && c != last {
			to = append(to, c.Name)
			last = c
		}
	}
	return to
}

// appendContainers appends `container "a"` or `containers "a", "b"` for the
// findings' containers, and returns how many they are.
func appendContainers(b []byte, findings []Finding) ([]byte, int) {
	var buf [8]string
	names := containerNames(buf[:0], findings)
	return appendCounted(b, "container", "containers", names), len(names)
}

// appendSetters appends who set the findings' values: `pod`, `container "a"` or
// `pod and containers "a", "b"`.
func appendSetters(b []byte, findings []Finding) []byte {
	var buf [8]string
	names := containerNames(buf[:0], findings)
	pod := slices.ContainsFunc(findings, func(f Finding) bool { return f.Container == nil })
	if pod {
		b = append(b, "pod"...)
	}
	if len(names) > 0 {
		if pod {
			b = append(b, " and "...)
		}
		b = appendCounted(b, "container", "containers", names)
	}
	return b
}

// values appends the findings' values as strings, sorted, each once.
func values(to []string, findings []Finding) []string {
	for i := range findings {
		to = append(to, findings[i].Value.String())
	}
	return sortedSet(to)
}

// sortedSet sorts the items in place and drops repetitions.
func sortedSet(items []string) []string {
	slices.Sort(items)
	return slices.Compact(items)
}

// appendValues appends the sorted set of the findings' values, quoted.
func appendValues(b []byte, findings []Finding) []byte {
	var buf [8]string
	return appendQuoted(b, values(buf[:0], findings))
}

// annotationText returns an annotation as upstream prints it.
func annotationText(f *Finding) string { return f.name + "=" + strconv.Quote(f.Value.s) }

// describeContainers makes a describe function for controls whose detail is the
// offending containers and a fixed text.
func describeContainers(reason, text string) func([]byte, []Finding) (string, []byte) {
	return func(b []byte, findings []Finding) (string, []byte) {
		b, _ = appendContainers(b, findings)
		return reason, append(b, text...)
	}
}

// describeSetters makes a describe function for controls whose detail is who
// set the value, and a fixed text.
func describeSetters(reason, text string) func([]byte, []Finding) (string, []byte) {
	return func(b []byte, findings []Finding) (string, []byte) {
		return reason, append(appendSetters(b, findings), text...)
	}
}
