package cli

import (
	"errors"
	"fmt"

	"github.com/gabion-security/gabion/internal/ignore"
	"github.com/gabion-security/gabion/internal/profile"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// ignores are the controls that manifests may ask to be ignored, by name; none if
// they may not.
type ignores []string

// everyControl are all controls, of the standard and of profiles.
func everyControl() ignores {
	var all ignores
	for _, c := range pss.Controls() {
		all = append(all, string(c.ID))
	}
	return append(all, profile.IDs()...)
}

// of returns what a manifest asks to be ignored in one of its templates. Where one
// of its annotations cannot be read nothing counts: fault says why.
func (known ignores) of(item *workload.Item, t *workload.Template) []ignore.Entry {
	if known.fault(item) != nil {
		return nil
	}
	all, _ := known.parse(item.Annotations)
	more, _ := known.parse(t.Annotations)
	return append(all, more...)
}

// fault says what is wrong with the annotations of an object.
func (known ignores) fault(item *workload.Item) error {
	_, err := known.parse(item.Annotations)
	for i := range item.Templates {
		_, other := known.parse(item.Templates[i].Annotations)
		err = errors.Join(err, other)
		if err != nil {
			return fmt.Errorf("the annotation %s: %w", ignore.Annotation, err)
		}
	}
	return nil
}

// asksToIgnore reports whether an object has the annotation.
func asksToIgnore(item *workload.Item) bool {
	_, asks := item.Annotations[ignore.Annotation]
	for i := range item.Templates {
		_, other := item.Templates[i].Annotations[ignore.Annotation]
		asks = asks || other
	}
	return asks
}

func (known ignores) parse(annotations map[string]string) ([]ignore.Entry, error) {
	text, ok := annotations[ignore.Annotation]
	if !ok || len(known) == 0 {
		return nil, nil
	}
	return ignore.Parse(text, known)
}
