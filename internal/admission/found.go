package admission

import (
	"strconv"
	"strings"
)

const (
	maxFindings = 8  // that a text names
	maxShown    = 64 // runes of a name or a value
)

// found names what a pod violates, with container and path: `privileged (container
// "web" at spec.containers[0].securityContext.privileged: true)`. Of many findings
// it names some. The function full returns a path as people know it.
func found(violations []Violation, full func(path string) string) string {
	var b strings.Builder
	n, more := 0, 0
	for _, v := range violations {
		for i, f := range v.Findings {
			if n == maxFindings {
				more++
				continue
			}
			n++
			switch {
			case i > 0:
				b.WriteString(", ")
			case b.Len() > 0:
				b.WriteString("), " + v.Reason + " (")
			default:
				b.WriteString(v.Reason + " (")
			}
			b.WriteString(f.text(full))
		}
	}
	if b.Len() > 0 {
		b.WriteByte(')')
	}
	if more > 0 {
		b.WriteString(", and " + strconv.Itoa(more) + " more")
	}
	return b.String()
}

// text names a finding.
func (f Finding) text(full func(path string) string) string {
	text := escape(full(f.Path), maxValue, "") // which may rightly have quotes
	if f.Container != nil {
		text = `container "` + escape(f.Container.Name, maxShown, `"\`) + `" at ` + text
	}
	if !f.Explicit {
		return text + " is missing"
	}
	if value := f.Value.String(); value != "" {
		text += ": " + escape(value, maxShown, `"\`)
	}
	return text
}
