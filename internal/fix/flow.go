package fix

import (
	"bytes"
	"strings"
)

// extent is where a member of a collection begins and ends.
type extent struct{ start, end int }

func extents(n *node) (all []extent) {
	for _, entry := range n.entries {
		all = append(all, extent{entry.key.outer, max(entry.value.end, entry.key.end)})
	}
	for _, item := range n.items {
		all = append(all, extent{item.outer, item.end})
	}
	return all
}

// flow edits a collection in brackets.
func (e *editor) flow(n *node, edit *nodeEdit) (all []splice, err error) {
	members := extents(n)
	style := e.flowStyle(n, edit.parent)
	var added []string
	if edit.fill != nil {
		added = style.members(edit.fill)
	}
	quote := byte('"')
	if len(n.items) > 0 {
		quote = n.items[len(n.items)-1].quote
	}
	for _, item := range edit.items {
		added = append(added, quoted(item, quote, e.json))
	}
	if len(members) == 0 {
		return []splice{{n.start, n.end, e.flowStyle(n, edit.parent).wrap("[", "]", added), 0}}, nil
	}
	kept := -1 // the last one that stays
	for i := range members {
		if !edit.remove[i] {
			kept = i
		}
	}
	cut := func(start, end int) {
		if bytes.IndexByte(e.text[start:end], '#') >= 0 {
			err = errUneditable // a comment would be lost
		}
		all = append(all, splice{start, end, "", 0})
	}
	for i := 0; i < kept; i++ {
		if edit.remove[i] {
			cut(members[i].start, members[i+1].start)
		}
	}
	last := len(members) - 1
	switch {
	case kept < 0:
		cut(members[0].start, members[last].end)
		if len(added) > 0 {
			all = append(all, splice{members[0].start, members[0].start, strings.Join(added, style.between()), 0})
		}
		return all, err
	case kept < last:
		cut(members[kept].end, members[last].end)
	}
	if len(added) > 0 {
		at := members[kept].end
		all = append(all, splice{at, at, style.between() + strings.Join(added, style.between()), 0})
	}
	return all, err
}

// flowStyle is how members of a collection in brackets are written, as those that
// are there or those around it.
func (e *editor) flowStyle(n, parent *node) flowStyle {
	s := flowStyle{json: e.json, colon: ": ", comma: ", ", eol: e.eol(n.start), unit: "  "}
	like := n
	if len(extents(n)) == 0 && parent != nil && parent.flow {
		like = parent
	}
	members := extents(like)
	if len(members) == 0 || !like.flow {
		return s
	}
	if len(like.entries) > 0 {
		first := like.entries[0]
		s.json = s.json || first.key.quote == '"'
		if s.json && !bytes.Contains(e.text[first.key.end:max(first.value.outer, first.key.end)], []byte(" ")) {
			s.colon, s.comma = ":", ","
		}
	}
	if len(members) > 1 {
		if between := e.text[members[0].end:members[1].start]; string(bytes.TrimSpace(between)) == "," {
			s.comma = strings.TrimLeft(string(between), " ")
		}
	}
	outer, inner := e.indent(like.start), e.indent(members[len(members)-1].start)
	s.expanded = bytes.IndexByte(e.text[like.start:members[0].start], '\n') >= 0
	if !s.expanded {
		if strings.ContainsAny(s.comma, "\r\n") {
			s.comma = ", "
		}
		return s
	}
	if unit, deeper := strings.CutPrefix(inner, outer); deeper && unit != "" {
		s.unit = unit
	}
	s.prefix = inner
	return s
}

// indent is the white space that the line of an offset begins with.
func (e *editor) indent(at int) string {
	line := e.text[e.lineStart(at):at]
	return string(line[:len(line)-len(bytes.TrimLeft(line, " \t"))])
}
