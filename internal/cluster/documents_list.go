package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/inventory"
)

// ListDocuments lists the objects of the group gabion.io of a live cluster, as [List]
// does.
func ListDocuments(ctx context.Context, config *rest.Config, into *inventory.Inventory) error {
	l, err := newLister(config, ListOptions{}, into, nil)
	if err != nil {
		return err
	}
	return l.documents(ctx)
}

// documents lists the objects of the group gabion.io, as far as they are defined.
func (l *lister) documents(ctx context.Context) error {
	served, err := l.client.documentVerbs(ctx)
	if err != nil {
		return err
	}
	for _, kind := range []string{v1alpha1.KindPodSecurityException, v1alpha1.KindPodSecurityGuard, v1alpha1.KindPodSecurityProfile} {
		r := resource{group: v1alpha1.GroupName, version: v1alpha1.GroupVersion().Version, plural: strings.ToLower(kind) + "s", clusterScoped: true}
		if !slices.Contains(served[r.plural], "list") {
			continue
		}
		before := len(l.rest.Missing)
		if err := l.pages(ctx, r, l.rawPage(func(text json.RawMessage) error { return l.document(kind, text) })); err != nil {
			return err
		}
		if kind == v1alpha1.KindPodSecurityException && len(l.rest.Missing) > before {
			l.rest.Unexcepted, l.rest.Missing = l.rest.Missing[before].Reason, l.rest.Missing[:before]
			l.rest.Documents = slices.DeleteFunc(l.rest.Documents, func(d inventory.Document) bool { return d.Kind == kind })
		}
	}
	l.Extra = l.Extra || len(l.rest.Documents) > 0
	return nil
}

// document takes an object.
func (l *lister) document(kind string, text json.RawMessage) error {
	var whole unstructured.Unstructured
	if err := json.Unmarshal(text, &whole.Object); err != nil {
		return err
	}
	whole.SetKind(kind) // which items of a list may leave out
	whole.SetAPIVersion(v1alpha1.GroupVersion().String())
	o, err := reduceDocument(&whole)
	if err != nil {
		return err
	}
	l.rest.Documents = append(l.rest.Documents, inventory.Document{Kind: kind, Name: o.name, JSON: o.json})
	return nil
}

// documentVerbs returns what can be done with the resources of the group gabion.io,
// by their names. Everybody may ask that.
func (c *client) documentVerbs(ctx context.Context) (map[string]metav1.Verbs, error) {
	var list metav1.APIResourceList
	err := c.json(ctx, "/apis/"+v1alpha1.GroupVersion().String(), nil, &list)
	if err != nil && !apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("asking what there is of %s: %w", v1alpha1.GroupVersion(), err)
	}
	verbs := map[string]metav1.Verbs{}
	for i := range list.APIResources {
		verbs[list.APIResources[i].Name] = list.APIResources[i].Verbs
	}
	return verbs, nil
}
