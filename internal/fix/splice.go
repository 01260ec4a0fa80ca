package fix

import (
	"cmp"
	"slices"
)

// splice is an edit of a text: what stands from start to end is replaced. Of those
// that begin at one place, what stands deeper comes first.
type splice struct {
	start, end int
	text       string
	depth      int
}

// editor finds the edits of one text for changes.
type editor struct {
	text []byte
	json bool
	root *node
	step int // how much deeper the next block stands

	// around is what stands in Lists beside their items, where no item says what has
	// become of it; listed are the Lists whose is known.
	around, listed map[*node]bool

	order    []*node // those that are edited, in the order in which that was found
	edits    map[*node]*nodeEdit
	replaced []splice
}

// nodeEdit is what is done to one node.
type nodeEdit struct {
	parent *node // of the node, for its style
	at     int
	fill   *object  // members that a mapping gets, or what a null becomes
	items  []string // that a sequence gets
	remove map[int]bool
}

// newEditor parses a text.
func newEditor(text []byte, isJSON bool) (*editor, error) {
	e := &editor{text: text, json: isJSON, around: map[*node]bool{}, listed: map[*node]bool{}}
	var err error
	if isJSON {
		e.root, err = parseJSON(text)
	} else {
		e.root, err = parseYAML(text)
	}
	if err != nil {
		return nil, err
	}
	const usual = 2
	e.step = cmp.Or(step(e.root), usual)
	return e, nil
}

// step is how much deeper the first block is than the one around it, 0 if there is
// none.
func step(n *node) int {
	for _, item := range n.items {
		if s := step(item); s > 0 {
			return s
		}
	}
	for _, entry := range n.entries {
		v := entry.value
		if v.kind == mappingNode && !v.flow && !n.flow && len(v.entries) > 0 && v.column > n.column {
			return v.column - n.column
		}
		if s := step(v); s > 0 {
			return s
		}
	}
	return 0
}

// group says what a change edits, by its place in the text and, for what is missing
// there, the key: changes of one group are made together or not at all.
func (e *editor) group(c *Change) (at int, key any) {
	s := walk(e.root, c.steps)
	if len(s.rest) > 0 {
		return s.value.resolved().start, s.rest[0]
	}
	return s.value.outer, nil
}

// shared reports whether what a change edits may be meant by others, too.
func (e *editor) shared(c *Change) bool { return walk(e.root, c.steps).shared }

// splices returns the edits for changes, in the order of the text.
func (e *editor) splices(changes []*Change) ([]splice, error) {
	e.order, e.edits, e.replaced = nil, map[*node]*nodeEdit{}, nil
	for _, c := range changes {
		if err := e.change(c); err != nil {
			return nil, err
		}
	}
	all := e.replaced
	for _, n := range e.order {
		made, err := e.node(n, e.edits[n])
		if err != nil {
			return nil, err
		}
		all = append(all, made...)
	}
	slices.SortStableFunc(all, func(a, b splice) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end), cmp.Compare(b.depth, a.depth))
	})
	all = slices.Compact(all) // two that mean one by its anchor
	for i := 1; i < len(all); i++ {
		if all[i].start < all[i-1].end {
			return nil, errUneditable
		}
	}
	return all, nil
}

// of returns what is done to a node.
func (e *editor) of(n *node, s spot) *nodeEdit {
	if e.edits[n] == nil {
		e.edits[n] = &nodeEdit{parent: s.parent, at: s.at, remove: map[int]bool{}}
		e.order = append(e.order, n)
	}
	return e.edits[n]
}

// lists learns what stands beside items on the way to an object.
func (e *editor) lists(steps []any) {
	for i := 0; i < len(steps); i += 2 { // the items, and one of them
		list := walk(e.root, steps[:i]).value.resolved()
		if list == nil || e.listed[list] {
			continue
		}
		e.listed[list] = true
		for _, entry := range list.entries {
			if entry.name != "items" {
				e.mark(entry.value)
			}
		}
	}
}

func (e *editor) mark(n *node) {
	if n = n.resolved(); n == nil || e.around[n] {
		return
	}
	e.around[n] = true
	for _, entry := range n.entries {
		e.mark(entry.value)
	}
	for _, item := range n.items {
		e.mark(item)
	}
}

// change notes what a change does to which node.
func (e *editor) change(c *Change) error {
	e.lists(c.steps[:c.object])
	s := walk(e.root, c.steps)
	n := s.value.resolved()
	replacesAlias := n != nil && c.Action == Set && len(s.rest) == 0 && s.value.kind == aliasNode
	if n == nil || e.around[n] && !replacesAlias || e.around[s.parent] {
		return errUneditable
	}
	switch {
	case c.Action == Remove && len(s.rest) == 0 && s.parent != nil:
		e.of(s.parent, spot{}).remove[s.at] = true
		return nil
	case c.Action == Remove:
		return errUneditable
	case len(s.rest) > 0:
		return e.fill(n, s, c)
	case c.Action == Append && n.kind == sequenceNode:
		item, _ := c.Value.(string)
		if edit := e.of(n, s); !slices.Contains(edit.items, item) { // one list by its anchor
			edit.items = append(edit.items, item)
		}
		return nil
	case c.Action == Append && n.null():
		e.replaced = append(e.replaced, splice{n.start, n.end, e.blank(n) + e.flowStyle(n, s.parent).value([]any{c.Value}), 0})
		return nil
	case c.Action == Set && (s.value.kind == aliasNode || n.kind == scalarNode):
		e.replace(s.value, quoted(c.Value, s.value.quote, e.json))
		return nil
	}
	return errUneditable
}

// replace puts another scalar in the place of a value.
func (e *editor) replace(n *node, with string) {
	if n.quote == '|' || n.quote == '>' { // which ends with its line
		with += e.eol(n.start)
	}
	e.replaced = append(e.replaced, splice{n.start, n.end, e.blank(n) + with, 0})
}

// blank is what stands before a value where nothing was written.
func (e *editor) blank(n *node) string {
	if n.absent && n.start > 0 && e.text[n.start-1] != ' ' {
		return " "
	}
	return ""
}

// fill notes members that a node gets.
func (e *editor) fill(n *node, s spot, c *Change) error {
	if n.kind != mappingNode && !n.null() {
		return errUneditable
	}
	edit := e.of(n, s)
	if edit.fill == nil {
		edit.fill = &object{}
	}
	o := edit.fill
	for _, step := range s.rest[:len(s.rest)-1] {
		key, ok := step.(string)
		if !ok {
			return errUneditable
		}
		if o = o.inner(key); o == nil {
			return errUneditable
		}
	}
	key, ok := s.rest[len(s.rest)-1].(string)
	if !ok {
		return errUneditable
	}
	value := c.Value
	if c.Action == Append {
		value = []any{value}
	}
	return o.put(key, value)
}

// node returns the edits of one node.
func (e *editor) node(n *node, edit *nodeEdit) ([]splice, error) {
	switch {
	case n.kind == scalarNode, n.kind == mappingNode && len(n.entries) == 0:
		return e.begin(n, edit)
	case n.kind == mappingNode && n.flow, n.kind == sequenceNode && n.flow:
		return e.flow(n, edit)
	case n.kind == mappingNode:
		return e.block(n, edit)
	case n.kind == sequenceNode:
		return e.list(n, edit)
	}
	return nil, errUneditable
}
