package fix

import (
	"bytes"
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gabion-security/gabion/workload"
)

// make makes changes in the file and returns its text, its edits and what is read
// in it then. Changes that would change anything else are dropped: they are made
// group by group where all together do that.
func (w *work) make(changes []*Change) ([]byte, []Edit, []workload.Item, error) {
	after, edits, items, wrong := w.try(changes)
	if len(wrong) == 0 {
		return after, edits, items, nil
	}
	var sound, doubtful []*Change
	for _, c := range changes {
		if wrong[w.textOf(c)] {
			doubtful = append(doubtful, c)
		} else {
			sound = append(sound, c)
		}
	}
	sound = w.settle(sound, w.groups(doubtful))
	after, edits, items, wrong = w.try(sound)
	if len(wrong) > 0 {
		return nil, nil, nil, fmt.Errorf("%w: %s", errUneditable, w.name)
	}
	return after, edits, items, nil
}

// settle adds groups of changes to those that are sound, as many at once as possible,
// and drops the groups with which anything else would change.
func (w *work) settle(sound []*Change, groups [][]*Change) []*Change {
	if len(groups) == 0 {
		return sound
	}
	with := slices.Concat(append([][]*Change{sound}, groups...)...)
	if _, _, _, wrong := w.try(with); len(wrong) == 0 {
		return with
	}
	if len(groups) == 1 {
		for _, c := range groups[0] {
			w.drop(c)
		}
		return sound
	}
	half := len(groups) / 2
	return w.settle(w.settle(sound, groups[:half]), groups[half:])
}

// textOf tells the texts of a file apart.
func (w *work) textOf(c *Change) *byte { return &c.text.Bytes[0] }

// editor returns the editor of the text that a change is in.
func (w *work) editor(c *Change) (*editor, error) {
	key := w.textOf(c)
	if e := w.editors[key]; e != nil {
		return e, nil
	}
	base, ok := w.base(c.text)
	if !ok {
		return nil, errUneditable
	}
	e, err := newEditor(c.text.Bytes, c.text.JSON)
	if err != nil {
		return nil, err
	}
	w.editors[key], w.bases[key] = e, base
	return e, nil
}

// base is where a text begins in the file.
func (w *work) base(t workload.Text) (at int, ok bool) {
	if bytes.HasPrefix(w.text, []byte("\xef\xbb\xbf")) {
		at = len("\xef\xbb\xbf")
	}
	for range t.Line - 1 {
		at = nextLine(w.text, at)
	}
	for range t.Column - 1 {
		_, size := utf8.DecodeRune(w.text[at:])
		at += size
	}
	end := at + len(t.Bytes)
	if end > len(w.text) {
		return 0, false
	}
	if t.JSON || bytes.Equal(w.text[at:end], t.Bytes) {
		return at, bytes.Equal(w.text[at:end], t.Bytes)
	}
	// Of an item of a List, a blank stands for the dash.
	dash := bytes.IndexByte(w.text[at:end], '-')
	return at, dash >= 0 && bytes.Equal(w.text[at+dash+1:end], t.Bytes[dash+1:]) && strings.Trim(string(t.Bytes[:dash+1]), " ") == ""
}

// groups are changes that are made together or not at all: those of one place, also
// where items of a List mean it by an anchor.
func (w *work) groups(changes []*Change) (groups [][]*Change) {
	places := map[string]int{}
	for _, c := range changes {
		e, err := w.editor(c)
		if err != nil {
			w.drop(c)
			continue
		}
		at, key := e.group(c)
		place := fmt.Sprint(w.bases[w.textOf(c)]+at, key)
		i, known := places[place]
		if !known {
			i = len(groups)
			places[place] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], c)
	}
	return groups
}

// drop takes back a change, and notes why what it was for is left.
func (w *work) drop(c *Change) {
	w.dropped[c] = ReasonText
	why := errUneditable.Error()
	if e := w.editors[w.textOf(c)]; e != nil && e.shared(c) {
		why = "an anchor shares it with others, for which it is not known to be right"
	}
	t := c.template
	for _, v := range w.violations(t) {
		for _, f := range v.Findings {
			if slices.Contains(c.covers, offence{v.Control, f.Path()}) {
				w.plans[t].leave(v.Control, f, ReasonText, f.Fix+" by hand: "+why)
			}
		}
	}
}

// try makes changes, and returns in which texts anything else would change.
func (w *work) try(changes []*Change) (after []byte, edits []Edit, items []workload.Item, wrong map[*byte]bool) {
	wrong = map[*byte]bool{}
	var texts []*byte
	of := map[*byte][]*Change{}
	for _, c := range changes {
		key := w.textOf(c)
		if of[key] == nil {
			texts = append(texts, key)
		}
		of[key] = append(of[key], c)
	}
	for _, key := range texts {
		e, err := w.editor(of[key][0])
		if err != nil {
			wrong[key] = true
			continue
		}
		splices, err := e.splices(of[key])
		if err != nil {
			wrong[key] = true
			continue
		}
		for _, s := range splices {
			edits = append(edits, Edit{w.bases[key] + s.start, w.bases[key] + s.end, s.text})
		}
	}
	slices.SortStableFunc(edits, func(a, b Edit) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End)) })
	edits = slices.Compact(edits) // items of a List may mean one place by an anchor
	after, ok := apply(w.text, edits)
	if !ok {
		return nil, nil, nil, all(texts)
	}
	for item := range w.Reader.Read(w.name, bytes.NewReader(after)) {
		items = append(items, item)
	}
	if len(items) != len(w.items) {
		return nil, nil, nil, all(texts)
	}
	made := map[*Change]bool{}
	for _, c := range changes {
		made[c] = true
	}
	for i := range items {
		if w.asMeant(&w.items[i], &items[i], made) {
			continue
		}
		mine := w.changesOf(&w.items[i])
		if len(mine) == 0 {
			return nil, nil, nil, all(texts)
		}
		for _, c := range mine {
			wrong[w.textOf(c)] = true
		}
	}
	return after, edits, items, wrong
}

func all(texts []*byte) map[*byte]bool {
	wrong := map[*byte]bool{nil: true}
	for _, t := range texts {
		wrong[t] = true
	}
	return wrong
}

// asMeant reports whether an item is what changes were to make of it, and nothing
// else.
func (w *work) asMeant(before *Item, after *workload.Item, made map[*Change]bool) bool {
	if before.Outcome != after.Outcome || before.Object != after.Object || len(before.Templates) != len(after.Templates) {
		return false
	}
	if before.Before == nil {
		return bytes.Equal(before.JSON, after.JSON)
	}
	mine := slices.DeleteFunc(w.changesOf(before), func(c *Change) bool { return !made[c] })
	want, err := applied(before.Before, mine)
	if err != nil {
		return false
	}
	got, err := decode(after.JSON)
	return err == nil && reflect.DeepEqual(want, got)
}

// apply makes edits in a text; ok is false if they are not in its order.
func apply(text []byte, edits []Edit) (after []byte, ok bool) {
	at := 0
	for _, e := range edits {
		if e.Start < at || e.End < e.Start || e.End > len(text) {
			return nil, false
		}
		after = append(append(after, text[at:e.Start]...), e.Text...)
		at = e.End
	}
	return append(after, text[at:]...), true
}
