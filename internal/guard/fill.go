package guard

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// filling is what a guard gives new namespaces in a mode.
type filling struct {
	pss.LevelVersion

	versioned bool // the version is stated
}

// over reports whether it counts before another one, which is the zero filling if
// there is none: the higher level does, and of one level the newer version.
func (f filling) over(other filling) bool {
	switch {
	case other == filling{}:
		return true
	case f.Level != other.Level:
		return f.Level > other.Level
	case f.Version != other.Version:
		return f.Version > other.Version // latest is newer than any
	}
	return f.versioned && !other.versioned
}

// fillingsOf reads the labels for new namespaces.
func fillingsOf(n *v1alpha1.NewNamespaces) (map[Mode]filling, error) {
	if n == nil {
		return nil, nil //nolint:nilnil // they get none
	}
	all := map[Mode]filling{}
	for mode, text := range map[Mode]string{Enforce: n.Labels.Enforce, AuditMode: n.Labels.Audit, WarnMode: n.Labels.Warn} {
		if text == "" {
			continue
		}
		lv, err := parseFloor(text)
		if err != nil {
			return nil, fmt.Errorf("spec.newNamespaces.labels.%s: %q: %w, as in baseline:latest", mode, text, err)
		}
		all[mode] = filling{lv, strings.Contains(text, ":")}
	}
	if len(all) == 0 {
		return nil, errors.New("spec.newNamespaces.labels is empty: state enforce, audit or warn, or remove newNamespaces")
	}
	return all, nil
}

// Fills reports whether any guard has labels for new namespaces.
func (s Set) Fills() bool {
	for _, g := range s.guards {
		if len(g.fillings) > 0 {
			return true
		}
	}
	return false
}

// Missing returns the labels that a new namespace gets beside its own, nil if that
// is none. What it states stays: also a version, where only that is stated.
func (s Set) Missing(name string, labels map[string]string) map[string]string {
	best := map[Mode]filling{}
	for _, g := range s.guards {
		if len(g.fillings) == 0 || !g.namespaces.Match(name, labels) {
			continue
		}
		for mode, f := range g.fillings {
			if f.over(best[mode]) {
				best[mode] = f
			}
		}
	}
	var missing map[string]string
	for mode, f := range best {
		level, version := pss.LabelPrefix+string(mode), pss.LabelPrefix+string(mode)+"-version"
		if _, ok := labels[level]; ok {
			continue
		}
		if missing == nil {
			missing = map[string]string{}
		}
		missing[level] = f.Level.String()
		if _, ok := labels[version]; !ok && f.versioned {
			missing[version] = f.Version.String()
		}
	}
	return missing
}

// unlabelled returns the labels that a new namespace would have if it stated none
// of Pod Security: what it states all the same is compared with these.
func (s Set) unlabelled(c *Change) map[string]string {
	labels := maps.Clone(c.After)
	maps.DeleteFunc(labels, func(key, _ string) bool { return strings.HasPrefix(key, pss.LabelPrefix) })
	return s.Missing(c.Name, labels)
}
