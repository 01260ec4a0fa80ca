package fix

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// Fixer rewrites manifests toward a policy.
type Fixer struct {
	// Reader reads them. Its Options.JSON must be set.
	Reader *workload.Reader
	// Evaluator judges pods by the Policy.
	Evaluator pss.Evaluator
	Policy    pss.LevelVersion
	// Overwrite changes what objects state otherwise, too.
	Overwrite bool

	// only narrows it to some controls of a template, nil to none.
	only func(*workload.Template, pss.ID) bool
	// paths narrows it to changes there, nil to none.
	paths []string
}

// Edit is an edit of a file: what stands from Start to End, in bytes, is replaced.
type Edit struct {
	Start, End int
	Text       string
}

// File is what comes of one file.
type File struct {
	// After is the text with the edits, which are in its order and apart from each
	// other. Without edits it is the text as it was.
	After []byte
	Edits []Edit
	// Items are all that stands in the file, in its order.
	Items []Item
}

// Item is an object of a file, or whatever else stands there.
type Item struct {
	workload.Item

	// Fixes say what comes of its templates, in their order.
	Fixes []Fix
	// Before and After are the object as encoding/json has it, nil if it has no
	// template.
	Before, After any
}

// Fix is what comes of one template.
type Fix struct {
	// Changes are made: judged anew, none of what they are there for is found.
	Changes []*Change
	// Left is what is still found, each with its reason.
	Left []Left
}

// work is a file at work.
type work struct {
	Fixer

	name    string
	text    []byte
	items   []Item
	plans   map[*workload.Template]*planning
	editors map[*byte]*editor
	bases   map[*byte]int // where the texts begin in the file
	dropped map[*Change]Reason
}

// File fixes the text of a file. The error says that a verdict cannot be given.
func (f Fixer) File(name string, text []byte) (*File, error) {
	w := &work{
		Fixer: f, name: name, text: text, plans: map[*workload.Template]*planning{},
		editors: map[*byte]*editor{}, bases: map[*byte]int{}, dropped: map[*Change]Reason{},
	}
	if err := w.plan(); err != nil {
		return nil, err
	}
	changes := w.changes()
	for {
		after, edits, changed, err := w.make(changes)
		if err != nil {
			return nil, err
		}
		made := len(w.dropped)
		if err := w.judge(changed); err != nil {
			return nil, err
		}
		if len(w.dropped) == made {
			return &File{After: after, Edits: edits, Items: w.items}, nil
		}
		changes = w.changes() // without those that did not help
	}
}

// plan reads the file and decides about the findings in it.
func (w *work) plan() error {
	for item := range w.Reader.Read(w.name, bytes.NewReader(w.text)) {
		w.items = append(w.items, Item{Item: item})
	}
	for i := range w.items {
		item := &w.items[i]
		if len(item.Templates) == 0 || item.Outcome != workload.Read {
			continue
		}
		var err error
		if item.Before, err = decode(item.JSON); err != nil {
			return fmt.Errorf("%s %s: %w", item.Object.Kind, item.Object.Name, err)
		}
		for j := range item.Templates {
			t := &item.Templates[j]
			verdict, err := w.Evaluator.Evaluate(&t.Pod, w.Policy)
			if err != nil {
				return fmt.Errorf("judging %s %s: %w", item.Object.Kind, item.Object.Name, err)
			}
			violations := verdict.Violations()
			if w.only != nil {
				violations = slices.DeleteFunc(violations, func(v pss.Violation) bool { return !w.only(t, v.Control) })
			}
			w.plans[t] = plan(t, item.Before, violations, w.Overwrite)
		}
	}
	return nil
}

// changes are those that are not dropped.
func (w *work) changes() (all []*Change) {
	for i := range w.items {
		all = append(all, w.changesOf(&w.items[i])...)
	}
	return all
}

func (w *work) changesOf(item *Item) (all []*Change) {
	for j := range item.Templates {
		if p := w.plans[&item.Templates[j]]; p != nil {
			all = append(all, slices.DeleteFunc(slices.Clone(p.changes), func(c *Change) bool { return w.dropped[c] != "" || !w.wants(c) })...)
		}
	}
	return all
}

// judge judges what has become of the file, and drops changes that did not help.
func (w *work) judge(changed []workload.Item) error {
	for i := range w.items {
		item := &w.items[i]
		item.Fixes, item.After = nil, item.Before
		if len(item.Templates) == 0 || item.Outcome != workload.Read {
			continue
		}
		var err error
		if item.After, err = decode(changed[i].JSON); err != nil {
			return err
		}
		for j := range item.Templates {
			verdict, err := w.Evaluator.Evaluate(&changed[i].Templates[j].Pod, w.Policy)
			if err != nil {
				return fmt.Errorf("judging %s %s: %w", item.Object.Kind, item.Object.Name, err)
			}
			item.Fixes = append(item.Fixes, w.fix(&item.Templates[j], verdict))
		}
	}
	return nil
}

// fix says what has become of a template, and drops changes that did not help.
func (w *work) fix(t *workload.Template, verdict pss.Verdict) (f Fix) {
	p := w.plans[t]
	found := map[offence]bool{}
	for _, v := range verdict.Violations() {
		for _, finding := range v.Findings {
			o := offence{v.Control, finding.Path()}
			found[o] = true
			l, ok := p.left[o]
			if !ok {
				l = leftOf(t, v.Control, finding, ReasonText, finding.Fix+" by hand: "+errUneditable.Error())
			}
			f.Left = append(f.Left, l)
		}
	}
	for _, c := range p.changes {
		if w.dropped[c] != "" || !w.wants(c) {
			continue
		}
		for _, o := range c.covers {
			if found[o] {
				w.dropped[c] = ReasonText
			}
		}
		f.Changes = append(f.Changes, c)
	}
	return f
}

// violations are those of a template as it was.
func (w *work) violations(t *workload.Template) []pss.Violation {
	verdict, err := w.Evaluator.Evaluate(&t.Pod, w.Policy)
	if err != nil {
		return nil // it was judged before
	}
	return verdict.Violations()
}
