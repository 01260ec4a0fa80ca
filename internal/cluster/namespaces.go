package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/label"
)

// Labeler reads the namespaces of a cluster and labels them.
type Labeler struct {
	client *client
}

// NewLabeler returns a Labeler. Nothing is sent to the API server yet.
func NewLabeler(config *rest.Config) (*Labeler, error) {
	config = rest.CopyConfig(config)
	config.QPS, config.Burst = queriesPerSecond, queriesAtOnce
	c, err := newClient(config)
	if err != nil {
		return nil, err
	}
	return &Labeler{c}, nil
}

// Identify asks the API server which cluster it is of, and what it is.
func (l *Labeler) Identify(ctx context.Context) (inventory.Cluster, inventory.Server, error) {
	server, err := l.client.server(ctx, oldestListed)
	if err != nil {
		return inventory.Cluster{}, inventory.Server{}, err
	}
	c, err := l.client.cluster(ctx)
	return c, inventory.Server(server), err
}

// Get returns a namespace. The error is the API server's.
func (l *Labeler) Get(ctx context.Context, name string) (label.Namespace, error) {
	var n corev1.Namespace
	if err := l.client.Get().Resource("namespaces").Name(name).Do(ctx).Into(&n); err != nil {
		return label.Namespace{}, err // as it is: it names the namespace
	}
	return labelled(&n)
}

// List returns the namespaces that a label selector selects, all if it is empty,
// by name.
func (l *Labeler) List(ctx context.Context, selector string) ([]label.Namespace, error) {
	var found []label.Namespace
	o := metav1.ListOptions{LabelSelector: selector, Limit: pageSize}
	for {
		var page corev1.NamespaceList
		if err := l.client.Get().Resource("namespaces").VersionedParams(&o, l.client.parameters).Do(ctx).Into(&page); err != nil {
			return nil, fmt.Errorf("listing namespaces: %w", err)
		}
		for i := range page.Items {
			n, err := labelled(&page.Items[i])
			if err != nil {
				return nil, err
			}
			found = append(found, n)
		}
		if o.Continue = page.Continue; o.Continue == "" {
			break
		}
	}
	slices.SortFunc(found, func(a, b label.Namespace) int { return strings.Compare(a.Name, b.Name) })
	return found, nil
}

// NamespaceNames returns the names of a cluster's namespaces, sorted.
func NamespaceNames(ctx context.Context, config *rest.Config) ([]string, error) {
	l, err := NewLabeler(config)
	if err != nil {
		return nil, err
	}
	list, err := l.List(ctx, "")
	var names []string
	for i := range list {
		names = append(names, list[i].Name)
	}
	return names, err
}

// labelled keeps of a namespace what labelling it needs.
func labelled(n *corev1.Namespace) (label.Namespace, error) {
	owners, err := ownersOf(n.ManagedFields)
	if err != nil {
		return label.Namespace{}, fmt.Errorf("namespace %q: %w", n.Name, err)
	}
	return label.Namespace{
		Name: n.Name, UID: string(n.UID), ResourceVersion: n.ResourceVersion, Terminating: n.DeletionTimestamp != nil,
		Labels: n.Labels, Owners: owners,
	}, nil
}

// ApplyOptions say how a change is made.
type ApplyOptions struct {
	// DryRun lets the API server answer as if, and nothing is changed.
	DryRun bool
	// Force takes labels over from other field managers.
	Force bool
}

// OwnedError says that labels belong to other field managers.
type OwnedError struct {
	// Conflicts are the API server's sentences.
	Conflicts []string
}

// Error returns the conflicts.
func (e *OwnedError) Error() string { return strings.Join(e.Conflicts, "; ") }

// ErrChanged says that somebody else has changed a namespace's labels meanwhile.
var ErrChanged = errors.New("its Pod Security labels have changed meanwhile; nothing was done, try again")

// ErrOthers says that an API server has made something else of the labels.
var ErrOthers = errors.New("the API server has stored other labels than it was sent")

// Apply makes a change by server-side apply, if nobody has changed the labels
// since the namespace was read, and returns the API server's warnings. The error
// is an [*OwnedError], [ErrChanged], [ErrOthers] or the API server's; nothing has
// been changed with the first two.
func (l *Labeler) Apply(ctx context.Context, c *label.Change, o ApplyOptions) ([]string, error) {
	heard := &warnings{}
	version := c.Namespace.ResourceVersion
	for range 5 {
		n, err := l.apply(ctx, c, version, o, heard)
		switch owned := conflicts(err); {
		case err == nil:
			return heard.list, l.finish(ctx, c, n, o, heard)
		case owned != nil:
			return heard.list, owned
		case !apierrors.IsConflict(err):
			return heard.list, err
		}
		// Somebody has written the namespace, or it is gone.
		now, err := l.Get(ctx, c.Namespace.Name)
		if err != nil {
			return heard.list, err
		}
		if !now.SameLabels(&c.Namespace) {
			return heard.list, ErrChanged
		}
		version = now.ResourceVersion
	}
	return heard.list, ErrChanged
}

// apply sends what Gabion wants to own. The uid keeps the API server from making
// a namespace anew, and the version from changing one that somebody else has
// changed.
func (l *Labeler) apply(ctx context.Context, c *label.Change, version string, o ApplyOptions, heard *warnings) (*corev1.Namespace, error) {
	metadata := map[string]any{"name": c.Namespace.Name, "uid": c.Namespace.UID, "resourceVersion": version}
	if len(c.Config) > 0 { // no labels are something to own, too
		metadata["labels"] = c.Config
	}
	body, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
	if err != nil {
		return nil, err
	}
	r := l.client.Patch(types.ApplyYAMLPatchType).Body(body) // JSON is YAML
	if o.Force {
		r = r.Param("force", "true")
	}
	return send(ctx, r, c.Namespace.Name, o, heard)
}

// finish gives labels back to their owners and compares what came of it with the
// change.
func (l *Labeler) finish(ctx context.Context, c *label.Change, n *corev1.Namespace, o ApplyOptions, heard *warnings) error {
	if c.Return != nil {
		if o.DryRun {
			return nil // the second step would have nothing to stand on
		}
		var err error
		if n, err = l.giveBack(ctx, c, n, heard); err != nil {
			return err
		}
	}
	if !maps.Equal(policyOf(n.Labels), policyOf(c.Labels())) {
		return ErrOthers
	}
	return nil
}

// giveBack gives labels back to their owners, and removes those that only others
// keep.
func (l *Labeler) giveBack(ctx context.Context, c *label.Change, n *corev1.Namespace, heard *warnings) (*corev1.Namespace, error) {
	surplus := map[string]any{}
	for _, e := range c.Edits {
		if _, ok := n.Labels[e.Key]; ok && e.After == nil {
			surplus[e.Key] = nil
		}
	}
	fields, changed, err := withOwners(n.ManagedFields, c.Return)
	if err != nil || !changed && len(surplus) == 0 {
		return n, err
	}
	body, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"uid": n.UID, "resourceVersion": n.ResourceVersion, "labels": surplus, "managedFields": fields,
	}})
	if err != nil {
		return nil, err
	}
	after, err := send(ctx, l.client.Patch(types.MergePatchType).Body(body), n.Name, ApplyOptions{}, heard)
	if err != nil {
		return nil, fmt.Errorf("the labels are as they were, but still belong to %s: %w", label.FieldManager, err)
	}
	return after, nil
}

// send sends a patch of a namespace and returns what became of it.
func send(ctx context.Context, r *rest.Request, name string, o ApplyOptions, heard *warnings) (*corev1.Namespace, error) {
	r = r.Resource("namespaces").Name(name).Param("fieldManager", label.FieldManager).WarningHandler(heard)
	if o.DryRun {
		r = r.Param("dryRun", metav1.DryRunAll)
	}
	n := &corev1.Namespace{}
	if err := r.Do(ctx).Into(n); err != nil {
		return nil, err
	}
	return n, nil
}

// conflicts returns the API server's sentences about labels of other field
// managers, nil if the error is none about them.
func conflicts(err error) error {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return nil
	}
	owned := &OwnedError{}
	for _, cause := range status.Status().Details.Causes {
		if cause.Type == metav1.CauseTypeFieldManagerConflict {
			field := strings.TrimPrefix(cause.Field, ".metadata.labels.")
			owned.Conflicts = append(owned.Conflicts, cause.Message+": "+field)
		}
	}
	if len(owned.Conflicts) == 0 {
		return nil
	}
	return owned
}

// policyOf returns the Pod Security labels.
func policyOf(labels map[string]string) map[string]string {
	policy := maps.Clone(labels)
	maps.DeleteFunc(policy, func(key, _ string) bool { return !slices.Contains(label.Keys(), key) })
	return policy
}

// warnings collects what the API server warns of, each once.
type warnings struct {
	mu   sync.Mutex
	list []string
}

// HandleWarningHeader takes a warning.
func (w *warnings) HandleWarningHeader(code int, _, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if code == 299 && text != "" && !slices.Contains(w.list, text) {
		w.list = append(w.list, text)
	}
}
