package snapshot

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/workload"
)

// Writer writes a snapshot. The zero Writer is usable.
type Writer struct {
	// Rest is what a snapshot holds beside objects with pods and namespaces; its
	// Namespaces are not looked at.
	Rest inventory.Inventory

	lines []sortable
	specs map[string]string // what follows the metadata, each once
	err   error

	// Namespaces, Pods and Workloads count what was added.
	Namespaces, Pods, Workloads int
}

// sortable is a line in two parts, of which many lines share the second.
type sortable struct {
	kind, namespace, name string
	head, tail            string
}

// Add takes an object as a [workload.Reader] read it, with its Extra. The Item
// is not kept.
func (w *Writer) Add(item *workload.Item) {
	w.Rest.Note(item)
	if item.Outcome == workload.Broken { // what is wrong with it may quote it
		w.Rest.Errors[len(w.Rest.Errors)-1].Reason = "it could not be read when the snapshot was taken"
	}
	o := &item.Object
	l := line{APIVersion: o.APIVersion, Kind: o.Kind, Metadata: metadata{Name: o.Name, Namespace: o.Namespace}}
	switch {
	case o.Kind == "Namespace" && o.APIVersion == "v1" && item.Outcome == workload.PassedOver:
		l.Metadata.Labels = item.Labels
		w.Namespaces++
	case item.Outcome == workload.Read:
		if o.Kind == "Pod" && o.APIVersion == "v1" {
			w.Pods++
		} else {
			w.Workloads++
		}
		if c := item.Controller; c != (workload.Owner{}) {
			l.Metadata.OwnerReferences = []owner{{c.APIVersion, c.Kind, c.Name, true}}
		}
		w.pods(&l, item.Templates)
	default:
		return
	}
	w.line(&l)
}

// pods puts pods to the place where the kind has them.
func (w *Writer) pods(l *line, templates []workload.Template) {
	builtin, first := ownKind(l.APIVersion), &templates[0]
	switch {
	case builtin && first.Path == "":
		l.Metadata.Annotations, l.Metadata.Labels = about(first)
		l.Spec = render(first)
	case builtin && first.Path == "template":
		l.Template = renderTemplate(first)
	case builtin && first.Path == "spec.template":
		l.Spec = ofSpec{renderTemplate(first)}
	case builtin:
		var job ofJob
		job.JobTemplate.Spec.Template = renderTemplate(first)
		l.Spec = job
	default:
		for i := range templates {
			text, err := json.Marshal(renderTemplate(&templates[i]))
			w.fail(err)
			l.Templates = append(l.Templates, customTemplate{templates[i].Path, templates[i].Partial, text})
		}
	}
}

func renderTemplate(t *workload.Template) *template {
	r := &template{Spec: render(t)}
	r.Metadata.Annotations, r.Metadata.Labels = about(t)
	return r
}

// about returns the annotations that somebody reads, and the labels.
func about(t *workload.Template) (annotations, labels map[string]string) {
	add := func(key, value string) {
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[key] = value
	}
	for _, a := range t.Pod.Annotations {
		add(a.Key, a.Value)
	}
	if t.Extra != nil {
		labels = t.Extra.Labels
		if t.Extra.PodSecurityPolicy != "" {
			add(workload.PodSecurityPolicyAnnotation, t.Extra.PodSecurityPolicy)
		}
	}
	return annotations, labels
}

func (w *Writer) fail(err error) {
	if w.err == nil && err != nil {
		w.err = fmt.Errorf("writing a snapshot: %w", err)
	}
}

// line keeps a line. What many of them have in common is kept once.
func (w *Writer) line(l *line) {
	text, err := json.Marshal(l)
	if err != nil {
		w.fail(err)
		return
	}
	cut := len(text)
	if i := bytes.Index(text, []byte(specMark)); i >= 0 {
		cut = i
	}
	tail, ok := w.specs[string(text[cut:])]
	if !ok {
		if w.specs == nil {
			w.specs = map[string]string{}
		}
		tail = string(text[cut:])
		w.specs[tail] = tail
	}
	w.lines = append(w.lines, sortable{
		kind: l.Kind + " " + l.APIVersion, namespace: l.Metadata.Namespace, name: l.Metadata.Name,
		head: string(text[:cut]), tail: tail,
	})
}

// WriteTo writes the snapshot. The Writer is of no use afterwards.
func (w *Writer) WriteTo(out io.Writer) (int64, error) {
	w.access()
	slices.SortStableFunc(w.lines, func(a, b sortable) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
	})
	policies := w.Rest.PodSecurityPolicies
	first, err := json.Marshal(headerOf(&w.Rest, len(w.lines)+len(policies)))
	w.fail(err)
	if w.err != nil {
		return 0, w.err
	}
	counted := &counter{w: out}
	zip := gzip.NewWriter(counted)
	buffered := bufio.NewWriterSize(zip, 1<<16)
	_, _ = buffered.Write(append(first, '\n')) // Flush tells what went wrong
	for i := range w.lines {
		_, _ = buffered.WriteString(w.lines[i].head)
		_, _ = buffered.WriteString(w.lines[i].tail)
		_ = buffered.WriteByte('\n')
	}
	for _, text := range policies {
		_, _ = buffered.Write(append(slices.Clone(text), '\n'))
	}
	if err := buffered.Flush(); err != nil {
		return counted.n, fmt.Errorf("writing a snapshot: %w", err)
	}
	if err := zip.Close(); err != nil {
		return counted.n, fmt.Errorf("writing a snapshot: %w", err)
	}
	return counted.n, nil
}

type counter struct {
	w io.Writer
	n int64
}

// Write counts what it writes.
func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// access makes lines of who may do what.
func (w *Writer) access() {
	a := &w.Rest.Access
	for i := range a.ServiceAccounts {
		s := &a.ServiceAccounts[i]
		w.line(&line{
			APIVersion: "v1", Kind: "ServiceAccount", Metadata: metadata{Name: s.Name, Namespace: s.Namespace},
			Automount: pointer(s.Automount),
		})
	}
	rbac := func(kind, namespace, name string, labels map[string]string, l line) {
		l.APIVersion, l.Kind = rbacv1.SchemeGroupVersion.String(), kind
		l.Metadata = metadata{Name: name, Namespace: namespace, Labels: labels}
		w.line(&l)
	}
	for i := range a.ClusterRoles {
		r := &a.ClusterRoles[i]
		rbac("ClusterRole", "", r.Name, r.Labels, line{Rules: r.Rules, AggregationRule: r.AggregationRule})
	}
	for i := range a.ClusterRoleBindings {
		r := &a.ClusterRoleBindings[i]
		rbac("ClusterRoleBinding", "", r.Name, r.Labels, line{Subjects: r.Subjects, RoleRef: &r.RoleRef})
	}
	for i := range a.Roles {
		r := &a.Roles[i]
		rbac("Role", r.Namespace, r.Name, r.Labels, line{Rules: r.Rules})
	}
	for i := range a.RoleBindings {
		r := &a.RoleBindings[i]
		rbac("RoleBinding", r.Namespace, r.Name, r.Labels, line{Subjects: r.Subjects, RoleRef: &r.RoleRef})
	}
}
