package fix

// kind is what a node of a text is.
type kind uint8

const (
	scalarNode kind = iota
	mappingNode
	sequenceNode
	aliasNode
)

// node is a value as it is written: where it begins and ends in its text, in
// bytes. Texts are edited at these places and never written anew.
type node struct {
	kind kind
	// outer is where its anchor or tag begins, start where the value itself does.
	outer, start, end int
	// flow tells collections in brackets from those that stand by indentation, whose
	// keys or dashes are at the column.
	flow   bool
	column int
	// entries are those of a mapping, items those of a sequence.
	entries []entry
	items   []*node
	// text is a scalar's, quote how it begins: a quote, "|" or ">", or 0. absent
	// means that nothing is written where a value could be.
	text   string
	quote  byte
	absent bool
	target *node // of an alias
	// anchored means that others may mean it, too.
	anchored bool
}

// entry is a key of a mapping with its value.
type entry struct {
	name       string
	key, value *node
	merge      bool
}

// null reports whether a value is written as nothing at all.
func (n *node) null() bool {
	if n.kind != scalarNode || n.quote != 0 {
		return false
	}
	switch n.text {
	case "", "~", "null", "Null", "NULL":
		return true
	}
	return false
}

// maxAliases bounds how far an alias that leads to an alias is followed.
const maxAliases = 100

// resolved follows aliases.
func (n *node) resolved() *node {
	for i := 0; n != nil && n.kind == aliasNode && i < maxAliases; i++ {
		n = n.target
	}
	return n
}

// own returns the place of a key that a mapping states itself, -1 if it does not:
// the last one counts.
func (n *node) own(name string) int {
	for i := len(n.entries) - 1; i >= 0; i-- {
		if !n.entries[i].merge && n.entries[i].name == name {
			return i
		}
	}
	return -1
}

// lookUp returns the entry of a key, its own or one that is merged into it, with
// the mapping that states it. The last of keys and merge keys counts. Mappings that
// were seen have nothing of the name: maps may merge each other many times over.
func (n *node) lookUp(name string, seen map[*node]bool) (in *node, at int) {
	if n == nil || n.kind != mappingNode || seen[n] {
		return nil, -1
	}
	seen[n] = true
	own := n.own(name)
	for i := len(n.entries) - 1; i > own; i-- {
		if !n.entries[i].merge {
			continue
		}
		value := n.entries[i].value.resolved()
		merged := []*node{value}
		if value != nil && value.kind == sequenceNode {
			merged = value.items
		}
		for _, m := range merged {
			if in, at := m.resolved().lookUp(name, seen); in != nil {
				return in, at
			}
		}
	}
	if own < 0 {
		return nil, -1
	}
	return n, own
}

// spot is where steps lead in a tree: as far as there are values. Parent is the
// mapping or sequence that the last of them stands in, at its place there.
type spot struct {
	parent *node
	at     int
	value  *node // what is there, an alias not followed
	rest   []any // the steps for which there is nothing
	shared bool  // aliases or merge keys led there, or an anchor stands on the way
}

// walk follows steps from a root.
func walk(root *node, steps []any) spot {
	s := spot{value: root, at: -1}
	for i, step := range steps {
		if s.value.kind == aliasNode || s.value.anchored {
			s.shared = true
		}
		n := s.value.resolved()
		parent, at := n, -1
		switch step := step.(type) {
		case string:
			if n != nil && n.kind == mappingNode {
				parent, at = n.lookUp(step, map[*node]bool{})
			}
		case int:
			if n != nil && n.kind == sequenceNode && step < len(n.items) {
				at = step
			}
		}
		if at < 0 {
			s.rest = steps[i:]
			return s
		}
		if parent != n {
			s.shared = true
		}
		s.parent, s.at = parent, at
		if parent.kind == mappingNode {
			s.value = parent.entries[at].value
		} else {
			s.value = parent.items[at]
		}
	}
	if s.value.kind == aliasNode || s.value.anchored {
		s.shared = true
	}
	return s
}
