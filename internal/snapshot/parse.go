package snapshot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/workload"
)

// entry is what one line says: a pod, whatever else a reader reads, or the line
// itself.
type entry struct {
	kind string

	namespace, name string
	view            *inventory.View
	controller      workload.Owner

	item *workload.Item
	line *grant
	text json.RawMessage
}

// parser reads lines. It is for one goroutine.
type parser struct {
	reader *workload.Reader
	extra  bool
	labels bool
	views  map[string]*inventory.View // by the text that follows the metadata, after the policy in it
	texts  map[string]string
}

func newParser(extra, labels bool) *parser {
	reader, err := workload.NewReader(workload.Options{Stored: true, Extra: extra})
	if err != nil {
		reader = nil // without options there is nothing to be wrong with
	}
	return &parser{reader: reader, extra: extra, labels: labels, views: map[string]*inventory.View{}, texts: map[string]string{}}
}

// parse reads whole lines.
func (p *parser) parse(text []byte) (all []entry, err error) {
	for len(text) > 0 {
		end := bytes.IndexByte(text, '\n')
		e, err := p.line(text[:end])
		if err != nil {
			return nil, err
		}
		all = append(all, e)
		text = text[end+1:]
	}
	return all, nil
}

// plainMarks begin lines that are read as objects, and nothing else.
var plainMarks = []string{`{"apiVersion":"v1","kind":"Namespace",`, `{"apiVersion":"apps/v1",`, `{"apiVersion":"batch/v1",`}

func (p *parser) line(text []byte) (entry, error) {
	if bytes.HasPrefix(text, []byte(podMark)) {
		if e, ok := p.pod(text); ok {
			return e, nil
		}
	}
	for _, plain := range plainMarks {
		if bytes.HasPrefix(text, []byte(plain)) {
			return p.read(text)
		}
	}
	var l parsed
	if err := json.Unmarshal(text, &l); err != nil {
		return entry{}, fmt.Errorf("a line is no object: %w", err)
	}
	switch {
	case l.Templates != nil:
		return p.custom(&l)
	case l.Kind == "PodSecurityPolicy" || l.APIVersion != "v1" && !ownKind(l.APIVersion) || l.Kind == "ServiceAccount":
		return entry{kind: l.Kind, line: &l.grant, text: bytes.Clone(text)}, nil
	}
	return p.read(text)
}

// read reads an object as readers do.
func (p *parser) read(text []byte) (entry, error) {
	item := p.reader.ReadObject(text)
	namespace := item.Object.Kind == "Namespace" && item.Outcome == workload.PassedOver
	switch {
	case item.Err != nil:
		return entry{}, fmt.Errorf("%s %s: %w", item.Object.Kind, item.Object.Name, item.Err)
	case item.Outcome != workload.Read && !namespace:
		return entry{}, fmt.Errorf("%s %s: nobody knows what this is", item.Object.Kind, item.Object.Name)
	}
	return entry{item: &item}, nil
}

// pod reads a pod whose spec may have been there before; it may not be possible.
// What comes before the mark is an object by itself, and so is what comes after
// it: so the mark is where it seems to be.
func (p *parser) pod(text []byte) (entry, bool) {
	cut := bytes.Index(text, []byte(specMark))
	if cut < 0 {
		return entry{}, false
	}
	h, ok := readHead(text[:cut])
	if !ok {
		return entry{}, false
	}
	key := text[cut:]
	if len(h.policy) > 0 {
		key = slices.Concat(h.policy, key) // no policy has a quote in it, so that no two keys are alike
	}
	view := p.views[string(key)]
	if view == nil || p.labels { // labels stand before the mark
		item := p.reader.ReadObject(text)
		if item.Outcome != workload.Read {
			return entry{}, false
		}
		view = inventory.NewView(&item.Templates[0], p.extra, p.labels)
		p.views[string(key)] = view
	}
	c := h.controller
	return entry{
		namespace: p.intern(h.namespace), name: string(h.name), view: view,
		controller: workload.Owner{APIVersion: p.intern(c.apiVersion), Kind: p.intern(c.kind), Name: p.intern(c.name)},
	}, true
}

// intern returns a text of which there are many, once.
func (p *parser) intern(text []byte) string {
	if held, ok := p.texts[string(text)]; ok {
		return held
	}
	held := string(text)
	p.texts[held] = held
	return held
}

// custom reads the pods of a custom resource.
func (p *parser) custom(l *parsed) (entry, error) {
	item := workload.Item{Kubernetes: true, Outcome: workload.Read, Object: workload.Object{
		APIVersion: l.APIVersion, Kind: l.Kind, Namespace: l.Metadata.Namespace, Name: l.Metadata.Name,
	}}
	for _, o := range l.Metadata.OwnerReferences {
		item.Controller = workload.Owner{APIVersion: o.APIVersion, Kind: o.Kind, Name: o.Name}
	}
	for _, c := range l.Templates {
		text := append([]byte(`{"apiVersion":"v1","kind":"PodTemplate","template":`), c.Template...)
		read := p.reader.ReadObject(append(text, '}'))
		if read.Outcome != workload.Read {
			return entry{}, fmt.Errorf("%s %s: %w", l.Kind, l.Metadata.Name, read.Err)
		}
		t := read.Templates[0]
		t.Path, t.Partial = c.Path, c.Partial
		item.Templates = append(item.Templates, t)
	}
	if len(item.Templates) == 0 {
		return entry{}, fmt.Errorf("%s %s: it has no pod", l.Kind, l.Metadata.Name)
	}
	return entry{item: &item}, nil
}
