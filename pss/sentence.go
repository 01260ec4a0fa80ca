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
		b = appendItem(b, i, item)
	}
	return b
}

// appendItem appends an item of a list in double quotes, after a comma if it is
// not the first.
func appendItem(b []byte, i int, item string) []byte {
	if i > 0 {
		b = append(b, ", "...)
	}
	b = append(b, '"')
	b = append(b, item...)
	return append(b, '"')
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

// appendEach appends a text of every finding, quoted.
func appendEach(b []byte, p *Pod, findings []place, text func(*Pod, place) string) []byte {
	for i, at := range findings {
		b = appendItem(b, i, text(p, at))
	}
	return b
}

// appendSet appends the sorted set of a text of the findings, quoted.
func appendSet(b []byte, p *Pod, findings []place, text func(*Pod, place) string) []byte {
	var buf [8]place
	return appendEach(b, p, distinct(buf[:0], p, findings, text), text)
}

// appendContainers appends `container "a"` or `containers "a", "b"` for the
// findings' containers, and returns how many they are.
func appendContainers(b []byte, p *Pod, findings []place) ([]byte, int) {
	count := 0
	eachContainerOf(p, findings, func(*Container) { count++ })
	b = append(b, plural(count, "container ", "containers ")...)
	n := 0
	eachContainerOf(p, findings, func(c *Container) {
		b = appendItem(b, n, c.Name)
		n++
	})
	return b, count
}

// appendSetters appends who set the findings' values: `pod`, `container "a"` or
// `pod and containers "a", "b"`.
func appendSetters(b []byte, p *Pod, findings []place) []byte {
	inPod, inContainers := false, false
	for _, at := range findings {
		if at.container == ofPod {
			inPod = true
		} else {
			inContainers = true
		}
	}
	if inPod {
		b = append(b, "pod"...)
	}
	if inContainers {
		if inPod {
			b = append(b, " and "...)
		}
		b, _ = appendContainers(b, p, findings)
	}
	return b
}

// annotationTexts returns annotations as upstream prints them, sorted.
func annotationTexts(p *Pod, findings []place) []string {
	texts := make([]string, len(findings))
	for i, at := range findings {
		a := &p.Annotations[at.item]
		texts[i] = a.Key + "=" + strconv.Quote(a.Value)
	}
	slices.Sort(texts)
	return texts
}

// describeContainers makes a describe function for controls whose detail is the
// offending containers and a fixed text.
func describeContainers(reason, text string) func([]byte, *Pod, []place) (string, []byte) {
	return func(b []byte, p *Pod, findings []place) (string, []byte) {
		b, _ = appendContainers(b, p, findings)
		return reason, append(b, text...)
	}
}

// describeSetters makes a describe function for controls whose detail is who
// set the value, and a fixed text.
func describeSetters(reason, text string) func([]byte, *Pod, []place) (string, []byte) {
	return func(b []byte, p *Pod, findings []place) (string, []byte) {
		return reason, append(appendSetters(b, p, findings), text...)
	}
}
