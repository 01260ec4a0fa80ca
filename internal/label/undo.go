package label

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/gabion-security/gabion/internal/inventory"
)

const (
	undoVersion = "gabion.io/v1alpha1"
	undoKind    = "LabelUndo"
)

// Undo is what has to be kept to undo changes.
type Undo struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Time is when it was written, before anything was changed.
	Time time.Time `json:"time"`
	// Cluster is the one whose namespaces they are.
	Cluster    inventory.Cluster `json:"cluster"`
	Namespaces []UndoNamespace   `json:"namespaces"`
}

// UndoNamespace is one namespace before and after its change.
type UndoNamespace struct {
	Name string `json:"name"`
	// UID tells the namespace from another one of the name.
	UID    string `json:"uid"`
	Labels []Edit `json:"labels"`
}

// NewUndo returns what is to be kept before the changes are made.
func NewUndo(now time.Time, cluster inventory.Cluster, changes []*Change) *Undo {
	u := &Undo{APIVersion: undoVersion, Kind: undoKind, Time: now.UTC(), Cluster: cluster, Namespaces: []UndoNamespace{}}
	for _, c := range changes {
		u.Namespaces = append(u.Namespaces, UndoNamespace{Name: c.Namespace.Name, UID: c.Namespace.UID, Labels: c.Edits})
	}
	return u
}

// Encode returns the text of the file.
func (u *Undo) Encode() ([]byte, error) {
	text, err := json.MarshalIndent(u, "", "  ")
	return append(text, '\n'), err
}

// DecodeUndo reads what Encode has returned. Anything else is an error, and
// nothing can be done with it.
func DecodeUndo(text []byte) (*Undo, error) {
	var is struct{ APIVersion, Kind string }
	if json.Unmarshal(text, &is) == nil && (is.APIVersion != undoVersion || is.Kind != undoKind) {
		return nil, fmt.Errorf("no undo data of gabion label: it is a %q of %q, not a %s of %s", is.Kind, is.APIVersion, undoKind, undoVersion)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var u Undo
	if err := d.Decode(&u); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("no undo data of gabion label: the file is empty")
		}
		return nil, fmt.Errorf("no undo data of gabion label: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("no undo data of gabion label: something follows the JSON document")
	}
	return &u, u.check()
}

// check refuses what Encode cannot have written.
func (u *Undo) check() error {
	if u.Cluster == (inventory.Cluster{}) {
		return errors.New("no undo data of gabion label: it names no cluster")
	}
	seen := map[string]bool{}
	for i := range u.Namespaces {
		ns := &u.Namespaces[i]
		switch {
		case ns.Name == "" || ns.UID == "":
			return errors.New("no undo data of gabion label: a namespace has no name or no uid")
		case seen[ns.Name]:
			return fmt.Errorf("no undo data of gabion label: namespace %q is in it twice", ns.Name)
		}
		seen[ns.Name] = true
		for j, e := range ns.Labels {
			if !slices.Contains(Keys(), e.Key) || slices.ContainsFunc(ns.Labels[:j], func(other Edit) bool { return other.Key == e.Key }) {
				return fmt.Errorf("no undo data of gabion label: label %q of namespace %q is in it twice, or is no Pod Security label", e.Key, ns.Name)
			}
		}
	}
	return nil
}

// ErrReplaced says that a namespace was deleted, and another one of its name made.
var ErrReplaced = errors.New("it is another namespace than the one that was labelled: that one is gone")

// PlanUndo works out how a namespace gets back the labels that it had. Labels
// that have changed since are kept with the other one of their mode, because a
// level and a version mean something together only; with force they are restored
// like the rest. The error is [ErrReplaced].
func (p *Planner) PlanUndo(ns Namespace, before *UndoNamespace, force bool) (Change, error) {
	if ns.UID != before.UID {
		return Change{}, ErrReplaced
	}
	c := Change{Namespace: ns, Config: ns.own(), Return: map[string][]Owner{}, Exempt: p.Exemptions.Namespace(ns.Name)}
	keys := Keys()
	for i := 0; i < len(keys); i += 2 {
		mode := slices.DeleteFunc(slices.Clone(before.Labels), func(e Edit) bool { return e.Key != keys[i] && e.Key != keys[i+1] })
		var changed []Conflict
		for _, e := range mode {
			if ns.changedSince(&e) {
				changed = append(changed, Conflict{e.Key, ns.value(e.Key), ns.others(e.Key)})
			}
		}
		if len(changed) > 0 && !force {
			c.Kept = append(c.Kept, changed...)
			continue
		}
		for _, e := range mode {
			c.restore(&e)
		}
	}
	slices.SortFunc(c.Edits, func(a, b Edit) int { return slices.Index(keys, a.Key) - slices.Index(keys, b.Key) })
	p.resolve(&c)
	return c, nil
}

// changedSince reports whether a label is no longer as it was labelled: another
// value, or another owner. One that is as it was before needs no restoring.
func (n *Namespace) changedSince(e *Edit) bool {
	now := n.value(e.Key)
	if !equal(now, e.After) {
		return !equal(now, e.Before)
	}
	return e.Changes() && len(n.others(e.Key)) > 0 // all had lost it with the old value
}

// restore adds a label to what is restored.
func (c *Change) restore(was *Edit) {
	ns := &c.Namespace
	now := Edit{Key: was.Key, Before: ns.value(was.Key), After: was.Before, Owners: owners(ns, was.Key)}
	c.Edits = append(c.Edits, now)
	delete(c.Config, was.Key)
	if was.Before == nil {
		return
	}
	others := ns.others(was.Key)
	_, own := ns.own()[was.Key]
	if now.Changes() || own && (len(others) == 0 || slices.ContainsFunc(was.Owners, Owner.Own)) {
		c.Config[was.Key] = *was.Before // there must be no moment without the label
	}
	if now.Changes() {
		others = nil // they lose it with the value
	}
	back := slices.Clone(was.Owners)
	for _, o := range others {
		if !slices.Contains(back, o) {
			back = append(back, o)
		}
	}
	c.Return[was.Key] = back
}

// owned returns the labels that Gabion itself owns when the change is done.
func (c *Change) owned() map[string]string {
	owned := maps.Clone(c.Config)
	for key, owners := range c.Return {
		if !slices.ContainsFunc(owners, Owner.Own) {
			delete(owned, key)
		}
	}
	return owned
}
