// Package ignore reads what a manifest asks to be ignored: controls by name, each
// with the reason why. It counts where manifests are reviewed, and nowhere else:
// whoever may write a pod may write its annotations.
package ignore

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/gabion-security/gabion/internal/document"
)

// Annotation is where an object or a pod template says what to ignore.
const Annotation = "gabion.io/ignore"

// Entry is one control to ignore.
type Entry struct {
	Control, Reason string
}

// Parse reads the value of the annotation: CONTROL: REASON, one a line or
// separated by semicolons, of controls that are known. Whatever is wrong with one
// of them is an error, and then none counts.
func Parse(text string, known []string) ([]Entry, error) {
	var all []Entry
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == ';' }) {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		e, err := parse(part, known)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(all, func(other Entry) bool { return other.Control == e.Control }) {
			return nil, fmt.Errorf("%s is ignored twice: leave one", e.Control)
		}
		all = append(all, e)
	}
	if len(all) == 0 {
		return nil, errors.New(`names no control: write "CONTROL: REASON", or remove it`)
	}
	return all, nil
}

func parse(text string, known []string) (Entry, error) {
	control, reason, _ := strings.Cut(text, ":")
	control, reason = strings.TrimSpace(control), strings.TrimSpace(reason)
	switch {
	case control == "*" || strings.EqualFold(control, "all"):
		return Entry{}, fmt.Errorf("%q: each control is named for itself, there is no name for all of them", control)
	case !slices.Contains(known, control):
		return Entry{}, unknown(control, known)
	case !strings.ContainsFunc(reason, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }):
		return Entry{}, fmt.Errorf(`%s is ignored without a reason: write "%s: REASON"`, control, control)
	}
	return Entry{Control: control, Reason: reason}, nil
}

// unknown is the error of a control that does not exist, with the nearest one
// that does. Somebody who wrote a reason alone has no control at all.
func unknown(control string, known []string) error {
	best, least := "", 4
	for _, name := range known {
		if d := document.Distance(strings.ToLower(control), strings.ToLower(name)); d < least {
			best, least = name, d
		}
	}
	if best != "" {
		return fmt.Errorf("there is no control %q; did you mean %s?", control, best)
	}
	return fmt.Errorf(`there is no control %q: write "CONTROL: REASON"; 'gabion controls' and 'gabion controls --profiles' list them`, control)
}
