package workload

import "sync"

// jsonTree finds values in a JSON text that is known to be well-formed. It
// remembers the members of those objects and lists that a path led through, so
// that many paths cost little more than one pass over the text for each level.
type jsonTree struct {
	text []byte

	mu     sync.Mutex
	places *places
	nodes  map[int]*jsonNode // by the offset where they begin
}

// jsonNode is an object or a list.
type jsonNode struct {
	members map[string]jsonMember // of an object
	items   []int                 // of a list: where they begin
}

// jsonMember is where a member's key and its value begin.
type jsonMember struct{ key, value int }

// find returns the place of the value that the steps lead to, or of what stands
// for it.
func (t *jsonTree) find(steps []step) (place, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open()
	return t.places.place(t.offset(steps)), true
}

// open makes what is needed to find places. Whoever calls it holds the lock.
func (t *jsonTree) open() {
	if t.places == nil {
		t.places, t.nodes = newPlaces(t.text), map[int]*jsonNode{}
	}
}

// offset is find for the offset.
func (t *jsonTree) offset(steps []step) int {
	s := scanner{data: t.text}
	s.peek()
	deepest, value := s.pos, s.pos
	for _, st := range steps {
		node := t.node(value)
		if st.key == nil {
			if st.index >= len(node.items) {
				return deepest
			}
			value = node.items[st.index]
			deepest = value
			continue
		}
		member, ok := node.members[string(st.key)]
		if !ok {
			return deepest
		}
		deepest, value = member.key, member.value
	}
	return value
}

// node returns what begins at an offset.
func (t *jsonTree) node(offset int) *jsonNode {
	if node := t.nodes[offset]; node != nil {
		return node
	}
	node := &jsonNode{}
	s := scanner{data: t.text, pos: offset}
	switch s.peek() {
	case '{':
		node.members = map[string]jsonMember{}
		for more := s.enter('}'); more; more = s.next('}') {
			key := string(s.key())
			at := s.keyAt
			s.peek()
			node.members[key] = jsonMember{at, s.pos}
			s.skip()
		}
	case '[':
		for more := s.enter(']'); more; more = s.next(']') {
			s.peek()
			node.items = append(node.items, s.pos)
			s.skip()
		}
	}
	t.nodes[offset] = node
	return node
}
