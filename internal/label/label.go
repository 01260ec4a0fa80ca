package label

import (
	"maps"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/pss"
)

// FieldManager is the name under which labels are applied.
const FieldManager = "gabion-label"

const applied = "Apply" // the operation of server-side apply

// Keys returns the labels of Pod Security admission, each level before its
// version.
func Keys() []string {
	return []string{
		pss.EnforceLabel, pss.EnforceVersionLabel, pss.AuditLabel, pss.AuditVersionLabel, pss.WarnLabel, pss.WarnVersionLabel,
	}
}

// Owner is a field manager that owns a label.
type Owner struct {
	Manager string `json:"manager"`
	// Operation is "Apply" or "Update".
	Operation   string `json:"operation"`
	APIVersion  string `json:"apiVersion"`
	Subresource string `json:"subresource,omitempty"`
}

// Own reports whether the owner is Gabion, by server-side apply.
func (o Owner) Own() bool {
	return o.Manager == FieldManager && o.Operation == applied && o.Subresource == ""
}

// Namespace is a namespace as the API server has it.
type Namespace struct {
	Name, UID, ResourceVersion string
	// Terminating says that it is being deleted.
	Terminating bool
	// Labels are all its labels.
	Labels map[string]string
	// Owners are those of each label, sorted.
	Owners map[string][]Owner
}

// SameLabels reports whether both have the same Pod Security labels with the same
// owners, and the same wish to be left alone.
func (n *Namespace) SameLabels(other *Namespace) bool {
	if n.UID != other.UID || inventory.OptedOut(n.Labels) != inventory.OptedOut(other.Labels) {
		return false
	}
	return !slices.ContainsFunc(Keys(), func(key string) bool {
		return !equal(n.value(key), other.value(key)) || !slices.Equal(n.Owners[key], other.Owners[key])
	})
}

// ChangedFrom returns the Pod Security labels that are not as given, without what
// is common to their names: "enforce", "warn-version".
func (n *Namespace) ChangedFrom(labels map[string]string) []string {
	var changed []string
	for _, key := range Keys() {
		was, ok := labels[key]
		if now, is := n.Labels[key]; is != ok || now != was {
			changed = append(changed, strings.TrimPrefix(key, "pod-security.kubernetes.io/"))
		}
	}
	return changed
}

// value returns the value of a label, nil if there is none.
func (n *Namespace) value(key string) *string {
	if value, ok := n.Labels[key]; ok {
		return &value
	}
	return nil
}

// own returns the labels that Gabion has applied, and that still are as it has
// applied them: whoever changes one takes it over.
func (n *Namespace) own() map[string]string {
	own := map[string]string{}
	for key, owners := range n.Owners {
		if value, ok := n.Labels[key]; ok && slices.ContainsFunc(owners, Owner.Own) {
			own[key] = value
		}
	}
	return own
}

// others returns the owners of a label beside Gabion.
func (n *Namespace) others(key string) []Owner {
	return slices.DeleteFunc(slices.Clone(n.Owners[key]), Owner.Own)
}

// Edit is one label before and after.
type Edit struct {
	Key string `json:"key"`
	// Before and After are its values, nil where there is none.
	Before *string `json:"before"`
	After  *string `json:"after"`
	// Owners are who owned it before.
	Owners []Owner `json:"owners"`
}

// Changes reports whether the value becomes another one.
func (e *Edit) Changes() bool { return !equal(e.Before, e.After) }

func equal(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// Change is what is to be done to one namespace.
type Change struct {
	// Namespace is the namespace as it was read.
	Namespace Namespace
	// Edits are the labels that it is about, in the order of [Keys].
	Edits []Edit
	// Config is every label that Gabion owns when the change is done.
	Config map[string]string
	// Return is who else is to own a label then, for labels that are restored.
	// Gabion owns none of these unless it is named itself.
	Return map[string][]Owner
	// From and To are the enforced policy before and after. Stricter says that To
	// may reject what From lets in.
	From, To pss.LevelVersion
	Stricter bool
	// Loosened are the modes that ask for less than before.
	Loosened []Loosening
	// Denied is why the API server would not take the labels.
	Denied pss.LabelErrors
	// Conflicts are labels that would get another value and are somebody else's.
	Conflicts []Conflict
	// Blockers are what would be rejected, and Unseen what could not be judged,
	// in one line each.
	Blockers []Blocker
	Unseen   []string
	// Empty says that all of the namespace was looked at, and that there is
	// neither a pod nor what makes pods.
	Empty bool
	// Exempt says that the API server judges nothing in the namespace.
	Exempt bool
	// Kept are labels that are not restored, because they have changed since.
	Kept []Conflict
}

// Loosening is a mode that asks for less after a change.
type Loosening struct {
	// Mode is "enforce", "audit" or "warn".
	Mode     string
	From, To pss.LevelVersion
}

// Conflict is a label that is somebody else's.
type Conflict struct {
	Key    string
	Value  *string
	Owners []Owner
}

// Changes reports whether there is anything to do.
func (c *Change) Changes() bool {
	if slices.ContainsFunc(c.Edits, func(e Edit) bool { return e.Changes() }) {
		return true
	}
	// What is restored may have its value already and only be Gabion's still.
	return c.Return != nil && !maps.Equal(c.owned(), c.Namespace.own())
}

// Assumes reports whether the namespace gets its first enforce label, while
// nothing is said to be enforced by default.
func (c *Change) Assumes() bool {
	return c.From.Level == pss.Privileged && slices.ContainsFunc(c.Edits, func(e Edit) bool {
		return e.Key == pss.EnforceLabel && e.Before == nil && e.After != nil
	})
}

// Labels returns all labels as they are when the change is done.
func (c *Change) Labels() map[string]string {
	after := maps.Clone(c.Namespace.Labels)
	if after == nil {
		after = map[string]string{}
	}
	for _, e := range c.Edits {
		if e.After == nil {
			delete(after, e.Key)
		} else {
			after[e.Key] = *e.After
		}
	}
	return after
}
