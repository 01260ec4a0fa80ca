package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gabion-security/gabion/internal/label"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// target is a namespace that is to be labelled.
type target struct {
	name string
	// named says that it was given by name, and not found by some rule.
	named bool
	// want are the labels to give it; undo is what to give back instead.
	want map[string]string
	undo *label.UndoNamespace
}

// targets returns what the command line and its files name, and whether these
// are namespaces of which there may be many.
func (o *labelOptions) targets() (targets []target, many bool, err error) {
	switch {
	case len(o.given) > 0:
		return o.given, false, nil
	case o.undo != "":
		targets, err = o.undoTargets()
	case o.plan != "":
		targets, err = o.planTargets()
	default:
		want := o.want()
		for _, name := range o.namespaces {
			targets = append(targets, target{name: name, named: true, want: want})
		}
	}
	if err != nil || o.plan == "" && o.undo == "" {
		return unique(targets), false, err
	}
	targets, err = o.narrow(targets)
	return targets, true, err
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
		targets[i].named = true
		kept = append(kept, targets[i])
	}
	return unique(kept), nil
}

func (o *labelOptions) undoTargets() ([]target, error) {
	text, err := os.ReadFile(o.undo)
	if err != nil {
		return nil, fmt.Errorf("reading the undo data: %w", err)
	}
	undo, err := label.DecodeUndo(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", report.Place(o.undo, 0), err)
	}
	var targets []target
	for i := range undo.Namespaces {
		targets = append(targets, target{name: undo.Namespaces[i].Name, named: true, undo: &undo.Namespaces[i]})
	}
	return targets, nil
}

// planned is what labelling reads of a plan.
type planned struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespaces []struct {
		Name   string            `json:"name"`
		Labels map[string]string `json:"labels"`
	} `json:"namespaces"`
}

// planKind is the kind of the JSON that 'gabion plan' writes.
const planKind = "Plan"

func (o *labelOptions) planTargets() ([]target, error) {
	var text []byte
	var err error
	if o.plan == workload.Stdin {
		text, err = io.ReadAll(o.system.Stdin)
	} else {
		text, err = os.ReadFile(o.plan)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the plan: %w", err)
	}
	targets, err := decodePlan(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", report.Place(o.plan, 0), err)
	}
	return targets, nil
}

// decodePlan reads the namespaces of a plan for which it proposes labels.
func decodePlan(text []byte) ([]target, error) {
	var p planned
	switch err := json.Unmarshal(text, &p); {
	case err != nil:
		return nil, fmt.Errorf("not the JSON of 'gabion plan -o json': %w", err)
	case p.APIVersion != report.APIVersion || p.Kind != planKind:
		return nil, fmt.Errorf("not the JSON of 'gabion plan -o json': it is a %q of %q", p.Kind, p.APIVersion)
	}
	var targets []target
	for _, n := range p.Namespaces {
		if len(n.Labels) == 0 {
			continue
		}
		if !isDNSLabel(n.Name) {
			return nil, fmt.Errorf("the plan is damaged: %q cannot be the name of a namespace", n.Name)
		}
		for key := range n.Labels {
			if !slices.Contains(label.Keys(), key) {
				return nil, fmt.Errorf("the plan is damaged: %q of namespace %s is no Pod Security label", key, n.Name)
			}
		}
		if _, errs := pss.PolicyFromLabels(n.Labels, pss.DefaultPolicy()); len(errs) > 0 {
			return nil, fmt.Errorf("the plan is damaged: namespace %s: %w", n.Name, errs)
		}
		targets = append(targets, target{name: n.Name, want: n.Labels})
	}
	if len(unique(targets)) < len(targets) {
		return nil, errors.New("the plan is damaged: a namespace is in it twice")
	}
	return targets, nil
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
func (o *labelOptions) find(ctx context.Context, from namespaceReader, targets []target, many bool) ([]found, error) {
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
	for _, t := range targets {
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
