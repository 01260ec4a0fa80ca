package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/workload"
)

// groupKind names a kind in whatever version.
type groupKind struct{ group, kind string }

// customResources finds the custom resources that hold pods, and lists them if
// pods are asked for: those that package workload knows or a path was given for,
// those whose schema has a place for pods, and those whose schema lets anything
// stand somewhere. Of the last only the objects can tell.
func (l *lister) customResources(ctx context.Context) error {
	reader, err := workload.NewReader(workload.Options{Paths: l.Paths, Extra: l.Extra})
	if err != nil {
		return fmt.Errorf("paths of pod templates: %w", err)
	}
	l.rest.TemplatePaths = append(l.rest.TemplatePaths, l.Paths...)
	kinds, err := l.discover(ctx)
	if err != nil {
		return err
	}
	schemas, err := l.schemas(ctx, kinds)
	if err != nil {
		return err
	}
	paths := slices.Clone(l.Paths)
	var wanted []served
	for _, kind := range kinds {
		id := groupKind{kind.group, kind.kind}
		holds, at := schemas[id].holds(reader, id)
		named := inventory.Resource{Group: kind.group, Name: kind.plural}
		switch holds {
		case holdsNone:
			continue
		case holdsPods:
			l.rest.PodResources = append(l.rest.PodResources, named)
		case holdsAnything:
			l.rest.Opaque = append(l.rest.Opaque, named)
		}
		paths = append(paths, at...)
		if len(l.Namespaces) == 0 || !kind.clusterScoped {
			wanted = append(wanted, kind)
		}
	}
	bare, err := workload.NewReader(workload.Options{})
	if err != nil {
		return err
	}
	if reader, err = workload.NewReader(workload.Options{Paths: paths, Extra: l.Extra}); err != nil {
		return fmt.Errorf("paths of pod templates: %w", err)
	}
	l.rest.TemplatePaths = append(l.rest.TemplatePaths, paths[len(l.Paths):]...)
	if l.Parts&Pods == 0 {
		return nil
	}
	for _, kind := range wanted {
		own := bare.Knows(kind.apiVersion(), kind.kind)
		err := l.pages(ctx, kind.resource, l.rawPage(func(text json.RawMessage) error {
			item := reader.ReadObject(text)
			if !own && item.Outcome == workload.NotChecked && bare.ReadObject(text).Outcome == workload.PassedOver {
				return nil // there are places for pods, and nothing like a pod in the object
			}
			l.custom(&item)
			return nil
		}))
		if err != nil {
			return err
		}
	}
	return nil
}

// custom takes a custom resource.
func (l *lister) custom(item *workload.Item) {
	item.Source, item.Controller.UID = workload.Source{}, ""
	if item.Outcome == workload.Read && item.Object.Namespace == "" {
		p := inventory.Problem{
			Object: item.Object, Reason: "it is in no namespace: which one its pods will be in cannot be told",
		}
		for i := range item.Templates {
			p.Paths = append(p.Paths, item.Templates[i].Path)
		}
		l.rest.NotChecked = append(l.rest.NotChecked, p)
		return
	}
	l.add(item)
}

// schemas returns where the kinds hold pods by their schemas, those that have
// one. The version is the one in which they are listed.
func (l *lister) schemas(ctx context.Context, kinds []served) (map[groupKind]places, error) {
	versions := map[groupKind]string{}
	for _, kind := range kinds {
		versions[groupKind{kind.group, kind.kind}] = kind.version
	}
	if len(versions) == 0 {
		return nil, nil
	}
	all := map[groupKind]places{}
	crds := resource{group: definitionsGroup.Group, version: definitionsGroup.Version, plural: definitionsResource, clusterScoped: true}
	err := l.pages(ctx, crds, l.rawPage(func(text json.RawMessage) error {
		var d definition
		if err := json.Unmarshal(text, &d); err != nil {
			return fmt.Errorf("reading a CustomResourceDefinition: %w", err)
		}
		id := groupKind{d.Spec.Group, d.Spec.Names.Kind}
		for _, v := range d.Spec.Versions {
			if v.Name == versions[id] && v.Served {
				all[id] = d.places(v)
			}
		}
		return nil
	}))
	return all, err
}
