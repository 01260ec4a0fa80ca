package baseline

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/gabion-security/gabion/api/v1alpha1"
)

// head is what people see first.
const head = `# Violations that were there before: gabion check --baseline fails for new ones only.
# Written by gabion check --write-baseline.
`

// Encode returns the file: the same for the same findings, and with every finding
// on lines of its own, so that a review shows what comes and goes. It is written
// by hand for the order of its keys: who it is about comes first.
func (b *Baseline) Encode() ([]byte, error) {
	var w strings.Builder
	fmt.Fprintf(&w, "%sapiVersion: %s\nkind: %s\n", head, v1alpha1.GroupVersion(), Kind)
	if len(b.entries) == 0 {
		w.WriteString("objects: []\n")
	} else {
		w.WriteString("objects:\n")
	}
	for i, rows := 0, b.sorted(); i < len(rows); i++ {
		c := &rows[i]
		if i == 0 || rows[i-1].Object != c.Object {
			writeObject(&w, c.Object)
		}
		fmt.Fprintf(&w, "  - control: %s\n    path: %s\n", scalar(c.Finding.Control), scalar(c.Finding.Path))
		if c.Finding.Value != nil {
			fmt.Fprintf(&w, "    value: %s\n", value(c.Finding.Value))
		}
		if c.n > 1 {
			fmt.Fprintf(&w, "    count: %d\n", c.n)
		}
	}
	text := []byte(w.String())
	again, err := Read(text)
	if err != nil {
		return nil, fmt.Errorf("the baseline cannot be written: %w", err)
	}
	if !maps.EqualFunc(b.entries, again.entries, func(a, b counted) bool { return a.n == b.n }) {
		return nil, errors.New("the baseline cannot be written: it would not be read as what it is")
	}
	return text, nil
}

func writeObject(w *strings.Builder, o Object) {
	fmt.Fprintf(w, "- kind: %s\n", scalar(o.Kind))
	if o.Group != "" {
		fmt.Fprintf(w, "  group: %s\n", scalar(o.Group))
	}
	fmt.Fprintf(w, "  namespace: %s\n", scalar(o.Namespace))
	if o.Name != "" {
		fmt.Fprintf(w, "  name: %s\n", scalar(o.Name))
	}
	w.WriteString("  findings:\n")
}

// value writes a finding's value.
func value(v any) string {
	switch v := v.(type) {
	case string:
		return scalar(v)
	case []string:
		var texts []string
		for _, s := range v {
			texts = append(texts, scalar(s))
		}
		return "[" + strings.Join(texts, ", ") + "]"
	case []any: // from a file
		var texts []string
		for _, s := range v {
			texts = append(texts, value(s))
		}
		return "[" + strings.Join(texts, ", ") + "]"
	}
	return fmt.Sprint(v)
}

// plain is text that YAML takes for itself without quotes.
var plain = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._/-]*(\["[A-Za-z0-9._/-]*"\]|\[\]|[A-Za-z0-9._/-])*$`)
})

// scalar writes text, in quotes where YAML could take it for something else.
func scalar(s string) string {
	words := []string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
	if plain().MatchString(s) && !slices.Contains(words, strings.ToLower(s)) {
		return s
	}
	return strconv.Quote(s)
}
