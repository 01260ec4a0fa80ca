package admission

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"sigs.k8s.io/json"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Guards say what a change of a namespace weakens, and what new ones get.
type Guards interface {
	Judge(NamespaceChange) Guarding
	// Missing returns the labels that a new namespace gets beside its own.
	Missing(name string, labels map[string]string) map[string]string
}

// NamespaceChange is a change of a namespace, or a new one.
type NamespaceChange struct {
	Name string
	New  bool
	// Before and After are the labels, which are only read.
	Before, After map[string]string
	// Exempt says that nothing is enforced in a namespace of the name.
	Exempt    bool
	Defaults  pss.Policy
	Evaluator pss.Evaluator
}

// Guarding is what guards say of a change.
type Guarding struct {
	Weakenings []Weakening
	// Notices are for who makes the change, even if nothing is weakened.
	Notices []string
}

// Weakening is one thing that a change weakens.
type Weakening struct {
	// Refused says that it needs a right, Told that who makes it is told of it.
	// Without either, it is only noted in the audit log.
	Refused, Told bool
	// Text says in one line what is weakened, and who guards it.
	Text string
}

// Rights know who may do what.
type Rights interface {
	// MayWeaken asks whether a user may weaken a namespace. An error means that
	// nobody has answered, and that the change is refused.
	MayWeaken(ctx context.Context, u User, namespace string) (bool, error)
}

// User is somebody who asks for something.
type User struct {
	Name, UID string
	Groups    []string
	Extra     map[string][]string
}

// guarded is what becomes of a decision about a namespace by the guards. Unlike the
// plugin they look at its subresources too, by which labels change as well.
func (r *review) guarded(ctx context.Context, d Decision) Decision {
	if r.guards == nil || !d.Allowed || r.req.Operation != Create && r.req.Operation != Update {
		return d
	}
	change, refused, ok := r.change()
	if !ok {
		return refused
	}
	guarding := r.guards.Judge(change)
	d.Warnings = append(d.Warnings, guarding.Notices...)
	if len(guarding.Weakenings) == 0 {
		return d
	}
	ending := r.req.Operation == Update && terminating(r.req.OldObject)
	var needRight, told, all []string
	for _, w := range guarding.Weakenings {
		all = append(all, w.Text)
		switch {
		case w.Refused && !ending: // where no pod can be made any more, nobody is stopped
			needRight = append(needRight, w.Text)
		case w.Told || w.Refused:
			told = append(told, w.Text)
		}
	}
	for _, text := range told {
		d.Warnings = append(d.Warnings, "the namespace is weakened: "+text)
	}
	d.annotate(WeakeningKey, strings.Join(all, "; "))
	if len(needRight) == 0 {
		return d
	}
	may, err := r.mayWeaken(ctx, change.Name)
	if !may {
		return forbidWeakening(change.Name, needRight, d, err)
	}
	d.annotate(WeakenRightKey, "used")
	for _, text := range needRight {
		d.Warnings = append(d.Warnings, "the namespace is weakened, by the right to "+v1alpha1.VerbWeaken+" it: "+text)
	}
	return d
}

// change reads what changes; if that cannot be read, the Decision refuses it.
func (r *review) change() (NamespaceChange, Decision, bool) {
	c := NamespaceChange{New: r.req.Operation == Create, Defaults: r.config.Defaults, Evaluator: r.evaluator}
	now, d, ok := readNamespace(r.reader, r.req.object(), "")
	if !ok {
		return c, d, false
	}
	c.Name, c.After = now.name, now.labels
	if !c.New {
		old, d, ok := readNamespace(r.reader, r.req.oldObject(), " old ")
		if !ok {
			return c, d, false
		}
		c.Name, c.Before = old.name, old.labels
	}
	c.Exempt = r.config.Exemptions.Namespace(c.Name)
	return c, Decision{}, true
}

// terminating reports whether an object is being deleted, which nobody can take back.
// Custom resources may have members of their own whose names differ in their case only.
func terminating(raw []byte) bool {
	var object struct {
		Metadata struct {
			DeletionTimestamp *string `json:"deletionTimestamp"`
		} `json:"metadata"`
	}
	return json.UnmarshalCaseSensitivePreserveInts(raw, &object) == nil && object.Metadata.DeletionTimestamp != nil
}

var errNobodyToAsk = errors.New("there is nobody to ask")

// mayWeaken asks whether the user may weaken a namespace. An error comes with a no.
func (r *review) mayWeaken(ctx context.Context, namespace string) (bool, error) {
	if r.rights == nil {
		return false, errNobodyToAsk
	}
	var info struct {
		UID    string              `json:"uid"`
		Groups []string            `json:"groups"`
		Extra  map[string][]string `json:"extra"`
	}
	if err := json.UnmarshalCaseSensitivePreserveInts(r.req.UserInfo, &info); err != nil {
		return false, fmt.Errorf("the user cannot be read: %w", err)
	}
	if r.req.Username == "" {
		return false, errors.New("the user has no name")
	}
	may, err := r.rights.MayWeaken(ctx, User{r.req.Username, info.UID, info.Groups, info.Extra}, namespace)
	return may && err == nil, err
}

// WeakenRight names the right to weaken a namespace.
func WeakenRight(namespace string) string {
	return `the verb "` + v1alpha1.VerbWeaken + `" on ` + v1alpha1.ResourcePodSecurityLevels + "." + v1alpha1.GroupName + " " + quote(namespace) + ", by a ClusterRoleBinding"
}

// forbidWeakening refuses a change, whose decision was another one so far. With an
// error, nobody has answered whether it is allowed.
func forbidWeakening(name string, texts []string, d Decision, err error) Decision {
	right := WeakenRight(name)
	d.Allowed, d.Code, d.Reason, d.Details = false, http.StatusForbidden, reasonForbidden, Details{Kind: namespacesResource, Name: name}
	d.Message = namespacesResource + " " + quote(name) + " is forbidden: it would be weakened: " + strings.Join(texts, "; ") + ". This needs " + right
	if err == nil {
		d.annotate(WeakenRightKey, "missing")
		return d
	}
	d.Message += ", and whether that is there could not be asked"
	d.Err = err
	d.annotate(WeakenRightKey, "unanswered")
	d.annotate(ErrorKey, "failed to ask who may weaken the namespace: "+sentence(err.Error()))
	return d
}

// annotate adds an annotation in its place.
func (d *Decision) annotate(key, value string) {
	at, _ := slices.BinarySearchFunc(d.Annotations, key, func(a Annotation, key string) int { return strings.Compare(a.Key, key) })
	d.Annotations = slices.Insert(d.Annotations, at, Annotation{key, value})
}
