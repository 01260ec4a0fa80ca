package cli

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/label"
	"github.com/gabion-security/gabion/internal/report"
)

// target is a namespace that is to be labelled.
type target struct {
	name string
	// named says that it was given by name, on the command line or in a file, and
	// not found by some rule.
	named bool
	// want are the labels to give it, and planned is what else a plan says of it;
	// undo is what to give back instead.
	want    map[string]string
	planned *plannedNamespace
	undo    *label.UndoNamespace
}

// request is what the command line and its files ask for.
type request struct {
	targets []target
	// plan is the plan that it is from, and cluster the one that the plan or the
	// undo data are for.
	plan    *planned
	cluster inventory.Cluster
	undo    bool
}

// file reports whether it is a file that asks.
func (r *request) file() bool { return r.plan != nil || r.undo }

func (o *labelOptions) request() (r request, err error) {
	switch {
	case len(o.given) > 0:
		return request{targets: o.given}, nil
	case o.undo != "":
		r, err = o.undoRequest()
	case o.plan != "":
		r, err = o.planRequest()
	default:
		want := o.want()
		for _, name := range o.namespaces {
			r.targets = append(r.targets, target{name: name, named: true, want: want})
		}
		r.targets = unique(r.targets)
	}
	if err != nil || !r.file() {
		return r, err
	}
	r.targets, err = o.narrow(r.targets)
	return r, err
}

// unique leaves out what is named twice.
func unique(targets []target) []target {
	var once []target
	for _, t := range targets {
		if !slices.ContainsFunc(once, func(have target) bool { return have.name == t.name }) {
			once = append(once, t)
		}
	}
	return once
}

// narrow keeps of a file's namespaces those that are named, all if none is.
func (o *labelOptions) narrow(targets []target) ([]target, error) {
	if len(o.namespaces) == 0 {
		return targets, nil
	}
	var kept []target
	for _, name := range o.namespaces {
		i := slices.IndexFunc(targets, func(t target) bool { return t.name == name })
		if i < 0 {
			return nil, usagef("there is nothing to do for namespace %q in %s", name, o.plan+o.undo)
		}
		kept = append(kept, targets[i])
	}
	return unique(kept), nil
}

func (o *labelOptions) undoRequest() (request, error) {
	text, err := os.ReadFile(o.undo)
	if err != nil {
		return request{}, fmt.Errorf("reading the undo data: %w", err)
	}
	undo, err := label.DecodeUndo(text)
	if err != nil {
		return request{}, fmt.Errorf("%s: %w", report.Place(o.undo, 0), err)
	}
	r := request{undo: true, cluster: undo.Cluster}
	for i := range undo.Namespaces {
		r.targets = append(r.targets, target{name: undo.Namespaces[i].Name, named: true, undo: &undo.Namespaces[i]})
	}
	return r, nil
}

// namespaceReader reads the namespaces of a cluster.
type namespaceReader interface {
	Get(ctx context.Context, name string) (label.Namespace, error)
	List(ctx context.Context, selector string) ([]label.Namespace, error)
}

// found is a target with its namespace, or why there is none.
type found struct {
	target

	namespace label.Namespace
	err       error
}

// find reads the namespaces of all targets; without one that was named, those
// that the selector selects are the targets. An error means that nothing is
// known.
func (l *labeling) find(ctx context.Context, from namespaceReader) ([]found, error) {
	o := l.labelOptions
	if o.all || o.selector != "" {
		list, err := from.List(ctx, o.selector)
		var all []found
		want := o.want()
		for _, n := range list {
			all = append(all, found{target: target{name: n.Name, want: want}, namespace: n})
		}
		return all, err
	}
	known := map[string]label.Namespace{}
	many := l.asked.file() // in a file there may be many
	if many {
		list, err := from.List(ctx, "")
		switch {
		case apierrors.IsForbidden(err): // perhaps they may be read one by one
			many = false
		case err != nil:
			return nil, err
		}
		for _, n := range list {
			known[n.Name] = n
		}
	}
	var all []found
	for _, t := range l.asked.targets {
		f := found{target: t}
		n, ok := known[t.name]
		switch {
		case ok:
			f.namespace = n
		case many:
			f.err = apierrors.NewNotFound(schema.GroupResource{Resource: "namespaces"}, t.name)
		default:
			f.namespace, f.err = from.Get(ctx, t.name)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		all = append(all, f)
	}
	slices.SortStableFunc(all, func(a, b found) int { return strings.Compare(a.name, b.name) })
	return all, nil
}
