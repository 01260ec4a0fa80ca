package fix

import (
	"encoding/json"
	"strings"
)

// parseJSON returns the root of a JSON text, which is known to be well-formed.
func parseJSON(text []byte) (*node, error) {
	p := jsonParser{text: text}
	root := p.value()
	if p.failed {
		return nil, errUneditable
	}
	return root, nil
}

type jsonParser struct {
	text   []byte
	at     int
	failed bool
}

// peek goes over white space and returns what follows, 0 at the end.
func (p *jsonParser) peek() byte {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
	if p.at == len(p.text) {
		p.failed = true
		return 0
	}
	return p.text[p.at]
}

func (p *jsonParser) value() *node {
	c := p.peek()
	n := &node{outer: p.at, start: p.at, flow: true}
	switch c {
	case '{':
		n.kind = mappingNode
		p.members('}', func() {
			key := p.value()
			if p.peek() != ':' {
				p.failed = true
				return
			}
			p.at++
			n.entries = append(n.entries, entry{name: key.text, key: key, value: p.value()})
		})
	case '[':
		n.kind = sequenceNode
		p.members(']', func() { n.items = append(n.items, p.value()) })
	case '"':
		n.quote = c
		for p.at++; p.at < len(p.text) && p.text[p.at] != '"'; p.at++ {
			if p.text[p.at] == '\\' {
				p.at++
			}
		}
		p.at = min(p.at+1, len(p.text))
		if json.Unmarshal(p.text[n.start:p.at], &n.text) != nil {
			p.failed = true
		}
	default:
		for p.at < len(p.text) && strings.IndexByte(" \t\r\n,:]}", p.text[p.at]) < 0 {
			p.at++
		}
		n.text = string(p.text[n.start:p.at])
		p.failed = p.failed || p.at == n.start
	}
	n.end = p.at
	return n
}

// members goes over what is in brackets.
func (p *jsonParser) members(closing byte, member func()) {
	p.at++
	for p.peek() != closing && !p.failed {
		member()
		if p.peek() == ',' {
			p.at++
		}
	}
	p.at = min(p.at+1, len(p.text))
}
