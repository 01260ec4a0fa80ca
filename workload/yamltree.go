package workload

import (
	"unicode/utf8"

	yamlv2 "go.yaml.in/yaml/v2"
	yamlv3 "go.yaml.in/yaml/v3"
)

// yamlNode is a node that knows its line and column.
type yamlNode = yamlv3.Node

// maxMerges bounds how far merge keys are followed.
const maxMerges = 100

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

func (t *yamlTree) parse(text []byte) *yamlNode {
	t.once.Do(func() { t.root = parseTree(text) })
	return t.root
}

// find returns the offset of the value that the steps lead to, or of what
// stands for it; -1 if the tree is not known.
func (t *yamlTree) find(text []byte, steps []step) int {
	deepest, value := t.walk(text, steps)
	switch {
	case value != nil:
		return offsetOf(text, value)
	case deepest != nil:
		return offsetOf(text, deepest)
	}
	return -1
}

// node returns the node that the steps lead to, nil if there is none.
func (t *yamlTree) node(text []byte, steps []step) *yamlNode {
	_, value := t.walk(text, steps)
	return value
}

// walk returns the value that the steps lead to; without one, the key of the
// deepest part that exists.
func (t *yamlTree) walk(text []byte, steps []step) (deepest, value *yamlNode) {
	node := t.parse(text)
	deepest = node
	for _, st := range steps {
		var key, value *yamlNode
		if st.key != nil {
			key, value = lookUp(target(node), string(st.key), maxMerges)
		} else {
			value = itemOf(target(node), st.index)
			key = value
		}
		if value == nil {
			return deepest, nil
		}
		deepest, node = key, value
	}
	return deepest, node
}

// target follows aliases.
func target(n *yamlNode) *yamlNode {
	for i := 0; n != nil && n.Kind == yamlv3.AliasNode && i < maxMerges; i++ {
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
func lookUp(n *yamlNode, name string, merges int) (key, value *yamlNode) {
	if n == nil || n.Kind != yamlv3.MappingNode {
		return nil, nil
	}
	for i := len(n.Content) - 2; i >= 0; i -= 2 {
		key, value := n.Content[i], n.Content[i+1]
		if !isMerge(key) {
			if text, ok := nodeKey(key); ok && text == name {
				return key, value
			}
			continue
		}
		if merges == 0 {
			continue
		}
		merged := []*yamlNode{target(value)}
		if merged[0] != nil && merged[0].Kind == yamlv3.SequenceNode {
			merged = merged[0].Content
		}
		for _, m := range merged {
			if key, value := lookUp(target(m), name, merges-1); value != nil {
				return key, value
			}
		}
	}
	return nil, nil
}

func isMerge(key *yamlNode) bool { return key.Kind == yamlv3.ScalarNode && key.ShortTag() == "!!merge" }

// nodeKey is the string that a key becomes in JSON.
func nodeKey(key *yamlNode) (text string, ok bool) {
	key = target(key)
	if key == nil || key.Kind != yamlv3.ScalarNode {
		return "", false
	}
	if key.Style != 0 {
		return key.Value, true
	}
	// Plain: a number or a boolean, perhaps, as YAML 1.1 has them.
	var v any
	if err := guard(func() error { return yamlv2.Unmarshal([]byte(key.Value), &v) }); err != nil {
		return key.Value, true
	}
	text, err := keyText(v)
	return text, err == nil
}

// offsetOf returns the offset of a node in its text. The library ends lines not
// only at line feeds, so its lines are counted as it does.
func offsetOf(text []byte, n *yamlNode) int {
	at, line := 0, 1
	for line < n.Line && at < len(text) {
		at += nextBreak(text[at:])
		line++
	}
	for column := 1; column < n.Column && at < len(text); column++ {
		_, size := utf8.DecodeRune(text[at:])
		at += size
	}
	return at
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

// findDuplicate returns the first key under a node that comes twice, nil if
// there is none.
func findDuplicate(text []byte, root *yamlNode) error {
	key, again := duplicateIn(root)
	if key == nil {
		return nil
	}
	name, _ := nodeKey(key)
	return &yamlError{
		line:  lineAt(text, offsetOf(text, again)),
		msg:   (&duplicateKeyError{name}).Error(),
		first: lineAt(text, offsetOf(text, key)),
	}
}

// duplicateIn returns the two nodes of the first such key.
func duplicateIn(n *yamlNode) (key, again *yamlNode) {
	if n == nil || n.Kind == yamlv3.AliasNode {
		return nil, nil
	}
	seen := make(map[string]*yamlNode)
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
