package workload

import (
	"strconv"
	"sync"

	yamlv2 "go.yaml.in/yaml/v2"
	yamlv3 "go.yaml.in/yaml/v3"
)

// yamlNode is a node that knows its line and column.
type yamlNode = yamlv3.Node

// maxAliases bounds how far an alias that leads to an alias is followed.
const maxAliases = 100

// parseTree returns the root of a YAML text, nil if there is none.
func parseTree(text []byte) *yamlNode {
	var doc yamlNode
	if err := guard(func() error { return yamlv3.Unmarshal(text, &doc) }); err != nil {
		return nil // the text was read before: only its positions are unknown
	}
	if len(doc.Content) != 1 {
		return nil
	}
	return doc.Content[0]
}

// yamlTree is the node tree of a YAML text, made when first needed, and what
// was found in it.
type yamlTree struct {
	text []byte
	// grown is how much JSON was made of the text, object by object. Only the
	// goroutine that reads the text looks at it.
	grown int

	mu     sync.Mutex
	parsed bool
	root   *yamlNode
	places *places
	lines  []int // the offsets of the lines as the library counts them
	maps   map[*yamlNode]*yamlMap
	found  map[yamlKey]yamlMember
}

// yamlMap is what stands in a map itself: where keys are in its Content, the
// last one for each, and where merge keys are.
type yamlMap struct {
	keys   map[string]int
	merges []int
}

// yamlKey is a key that was looked for in a map, and yamlMember what was found:
// nothing if there is no value.
type yamlKey struct {
	in   *yamlNode
	name string
}

type yamlMember struct{ key, value *yamlNode }

// open parses the text when that is first needed.
func (t *yamlTree) open() {
	if t.parsed {
		return
	}
	t.parsed, t.root, t.places = true, parseTree(t.text), newPlaces(t.text)
	t.maps, t.found = map[*yamlNode]*yamlMap{}, map[yamlKey]yamlMember{}
	for at := 0; at < len(t.text); at += nextBreak(t.text[at:]) {
		t.lines = append(t.lines, at)
	}
}

// find returns the place of the value that the steps lead to, or of what stands
// for it; false if the tree is not known.
func (t *yamlTree) find(steps []step) (place, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open()
	deepest, value := t.walk(steps)
	switch {
	case value != nil:
		return t.place(value), true
	case deepest != nil:
		return t.place(deepest), true
	}
	return place{}, false
}

// place returns where a node stands. The library ends lines not only at line
// feeds, so its lines are counted as it does.
func (t *yamlTree) place(n *yamlNode) place {
	offset := len(t.text)
	if n.Line >= 1 && n.Line <= len(t.lines) {
		offset = t.places.right(t.lines[n.Line-1], max(n.Column-1, 0))
	}
	return t.places.place(offset)
}

// walk returns the value that the steps lead to; without one, the key of the
// deepest part that exists.
func (t *yamlTree) walk(steps []step) (deepest, value *yamlNode) {
	node := t.root
	deepest = node
	for _, st := range steps {
		var m yamlMember
		if st.key != nil {
			m = t.lookUp(target(node), string(st.key))
		} else {
			m.value = itemOf(target(node), st.index)
			m.key = m.value
		}
		if m.value == nil {
			return deepest, nil
		}
		deepest, node = m.key, m.value
	}
	return deepest, node
}

// target follows aliases.
func target(n *yamlNode) *yamlNode {
	for i := 0; n != nil && n.Kind == yamlv3.AliasNode && i < maxAliases; i++ {
		n = n.Alias
	}
	return n
}

func itemOf(n *yamlNode, index int) *yamlNode {
	if n == nil || n.Kind != yamlv3.SequenceNode || index >= len(n.Content) {
		return nil
	}
	return n.Content[index]
}

// lookUp returns the key and the value of a map's key. As the reader's library
// has it, the last of keys and merge keys wins, but the first map of a list
// that is merged.
func (t *yamlTree) lookUp(n *yamlNode, name string) yamlMember {
	if n == nil || n.Kind != yamlv3.MappingNode {
		return yamlMember{}
	}
	id := yamlKey{n, name}
	if found, ok := t.found[id]; ok {
		return found
	}
	t.found[id] = yamlMember{} // a map that merges itself has nothing more
	m := t.mapOf(n)
	own, ok := m.keys[name]
	if !ok {
		own = -1
	}
	for i := len(m.merges) - 1; i >= 0 && m.merges[i] > own; i-- {
		if found := t.merged(n.Content[m.merges[i]+1], name); found.value != nil {
			t.found[id] = found
			return found
		}
	}
	if own < 0 {
		return yamlMember{}
	}
	found := yamlMember{n.Content[own], n.Content[own+1]}
	t.found[id] = found
	return found
}

// merged looks into the value of a merge key, a map or a list of maps.
func (t *yamlTree) merged(value *yamlNode, name string) yamlMember {
	value = target(value)
	if value == nil || value.Kind != yamlv3.SequenceNode {
		return t.lookUp(value, name)
	}
	for _, m := range value.Content {
		if found := t.lookUp(target(m), name); found.value != nil {
			return found
		}
	}
	return yamlMember{}
}

func (t *yamlTree) mapOf(n *yamlNode) *yamlMap {
	if m := t.maps[n]; m != nil {
		return m
	}
	m := &yamlMap{keys: make(map[string]int, len(n.Content)/2)}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if isMerge(n.Content[i]) {
			m.merges = append(m.merges, i)
		} else if text, ok := nodeKey(n.Content[i]); ok {
			m.keys[text] = i
		}
	}
	t.maps[n] = m
	return m
}

// isMerge reports whether a key merges its value into the map.
func isMerge(key *yamlNode) bool {
	return key.Kind == yamlv3.ScalarNode && key.Value == "<<" && key.ShortTag() == "!!merge"
}

// nodeKey is the string that a key becomes in JSON. The reader's library says
// what a key is that is neither quoted nor certainly a string: it may be a
// number or a boolean, as YAML 1.1 has them, and !!binary is decoded.
func nodeKey(key *yamlNode) (text string, ok bool) {
	key = target(key)
	if key == nil || key.Kind != yamlv3.ScalarNode {
		return "", false
	}
	source := key.Value
	switch {
	case key.Style&yamlv3.TaggedStyle != 0:
		source = "!<" + key.LongTag() + "> " + strconv.Quote(key.Value)
	case key.Style != 0 || certainlyString(key.Value):
		return key.Value, true
	}
	var v any
	if err := guard(func() error { return yamlv2.Unmarshal([]byte(source), &v) }); err != nil {
		return key.Value, true
	}
	text, err := keyText(v)
	return text, err == nil
}

// certainlyString reports whether a plain scalar begins like a word and is
// longer than any that has a meaning of its own.
func certainlyString(plain string) bool {
	const longest = len("false")
	if len(plain) <= longest {
		return false
	}
	c := plain[0] | 0x20
	return c >= 'a' && c <= 'z'
}

// nextBreak returns the length of a text's first line with its break.
func nextBreak(text []byte) int {
	for i, c := range text {
		switch {
		case c == '\n':
			return i + 1
		case c == '\r':
			if i+1 < len(text) && text[i+1] == '\n' {
				return i + 2
			}
			return i + 1
		case c == 0xc2 && i+1 < len(text) && text[i+1] == 0x85:
			return i + 2
		case c == 0xe2 && i+2 < len(text) && text[i+1] == 0x80 && text[i+2]&^1 == 0xa8:
			return i + 3
		}
	}
	return len(text)
}

// locateDuplicate finds the lines of a duplicate key under the node that the
// steps lead to, for an error.
func (t *yamlTree) locateDuplicate(steps []step, duplicate *duplicateKeyError) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open()
	_, node := t.walk(steps)
	if found := t.findDuplicate(node); found != nil {
		return found
	}
	return &yamlError{line: lineAt(t.text, contentStart(t.text)), msg: duplicate.Error()}
}

// duplicateKey returns the first key that comes twice, nil if there is none.
func (t *yamlTree) duplicateKey() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open()
	return t.findDuplicate(t.root)
}

// findDuplicate is duplicateKey for what is under a node.
func (t *yamlTree) findDuplicate(n *yamlNode) error {
	key, again := duplicateIn(n)
	if key == nil {
		return nil
	}
	name, _ := nodeKey(key)
	return &yamlError{
		line:  t.place(again).line,
		msg:   (&duplicateKeyError{name}).Error(),
		first: t.place(key).line,
	}
}

// duplicateIn returns the two nodes of the first such key.
func duplicateIn(n *yamlNode) (key, again *yamlNode) {
	if n == nil || n.Kind == yamlv3.AliasNode {
		return nil, nil
	}
	var seen map[string]*yamlNode
	if n.Kind == yamlv3.MappingNode {
		seen = make(map[string]*yamlNode, len(n.Content)/2)
	}
	for i, child := range n.Content {
		if n.Kind == yamlv3.MappingNode && i%2 == 0 && !isMerge(child) {
			if name, ok := nodeKey(child); ok {
				if first := seen[name]; first != nil {
					return first, child
				}
				seen[name] = child
			}
		}
		if key, again := duplicateIn(child); key != nil {
			return key, again
		}
	}
	return nil, nil
}
