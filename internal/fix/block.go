package fix

import (
	"bytes"
	"strings"
)

func (e *editor) lineStart(at int) int { return bytes.LastIndexByte(e.text[:at], '\n') + 1 }

// eol is how the line of an offset ends, or the one before it if it does not.
func (e *editor) eol(at int) string {
	end := bytes.IndexByte(e.text[min(at, len(e.text)):], '\n')
	if end >= 0 {
		end += at
	} else {
		end = bytes.LastIndexByte(e.text, '\n')
	}
	if end > 0 && e.text[end-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// behind returns where the line begins that follows what ends at an offset, and
// whether the text goes on there at all.
func (e *editor) behind(end int) (at int, more bool) {
	if end > 0 && e.text[end-1] == '\n' {
		return end, true // a literal ends with its line
	}
	at = nextLine(e.text, end)
	return at, at > 0 && e.text[at-1] == '\n'
}

// insert adds lines behind what ends at an offset, and behind comments that stand
// as deep as they are.
func (e *editor) insert(end, depth int, lines string) splice {
	at, more := e.behind(end)
	eol := e.eol(end)
	if !more {
		return splice{at, at, eol + strings.TrimSuffix(lines, eol), depth}
	}
	for at < len(e.text) {
		line := e.text[at:nextLine(e.text, at)]
		content := bytes.TrimLeft(line, " ")
		if len(content) == 0 || content[0] != '#' || len(line)-len(content) < depth || line[len(line)-1] != '\n' {
			break
		}
		at += len(line)
	}
	return splice{at, at, lines, depth}
}

// onlyBlanks reports whether nothing stands before an offset on its line but what is
// given.
func (e *editor) onlyBlanks(at int, but string) bool {
	return strings.Trim(string(e.text[e.lineStart(at):at]), " ") == but
}

// block edits a mapping in block style.
func (e *editor) block(n *node, edit *nodeEdit) (all []splice, err error) {
	for i, entry := range n.entries {
		if !edit.remove[i] {
			continue
		}
		if !e.onlyBlanks(entry.key.outer, "") {
			return nil, errUneditable
		}
		end, _ := e.behind(max(entry.value.end, entry.key.end))
		all = append(all, splice{e.lineStart(entry.key.outer), end, "", 0})
	}
	if edit.fill == nil {
		return all, nil
	}
	last := n.entries[len(n.entries)-1]
	end := max(last.value.end, last.key.end)
	var lines strings.Builder
	blockLines(&lines, edit.fill, n.column, e.step, e.eol(end))
	if at, ok := e.aboveContainers(n, edit.fill); ok {
		return append(all, splice{at, at, lines.String(), n.column}), nil
	}
	return append(all, e.insert(end, n.column, lines.String())), nil
}

// aboveContainers is where a pod's securityContext goes: people look for it above
// the containers, which are long.
func (e *editor) aboveContainers(n *node, fill *object) (at int, ok bool) {
	if len(fill.members) != 1 || fill.members[0].key != securityContext {
		return 0, false
	}
	for _, entry := range n.entries {
		if entry.name != "containers" && entry.name != "initContainers" {
			continue
		}
		if !e.onlyBlanks(entry.key.outer, "") {
			return 0, false
		}
		at = e.lineStart(entry.key.outer)
		for at > 0 { // comments above belong to them
			before := e.lineStart(at - 1)
			if !bytes.HasPrefix(bytes.TrimLeft(e.text[before:at], " "), []byte("#")) {
				break
			}
			at = before
		}
		return at, true
	}
	return 0, false
}

// list edits a sequence in block style.
func (e *editor) list(n *node, edit *nodeEdit) (all []splice, err error) {
	for i, item := range n.items {
		if !edit.remove[i] {
			continue
		}
		if !e.onlyBlanks(item.outer, "-") {
			return nil, errUneditable
		}
		end, _ := e.behind(item.end)
		all = append(all, splice{e.lineStart(item.outer), end, "", 0})
	}
	if len(edit.items) == 0 {
		return all, nil
	}
	last := n.items[len(n.items)-1]
	var lines strings.Builder
	for _, item := range edit.items {
		lines.WriteString(strings.Repeat(" ", n.column) + "- " + quoted(item, last.quote, false) + e.eol(last.end))
	}
	return append(all, e.insert(last.end, n.column, lines.String())), nil
}

// begin writes members where there are none: into a null, or between brackets that
// are empty. In a block they become one.
func (e *editor) begin(n *node, edit *nodeEdit) ([]splice, error) {
	if edit.fill == nil || len(edit.remove) > 0 || edit.parent == nil {
		return nil, errUneditable
	}
	inBlock := edit.parent.kind == mappingNode && !edit.parent.flow && n.outer == n.start &&
		bytes.IndexByte(e.text[n.start:n.end], '\n') < 0
	if !inBlock {
		style := e.flowStyle(n, edit.parent)
		if n.kind == mappingNode && skipSpace(e.text, n.start+1) != n.end-1 ||
			bytes.IndexByte(e.text[n.start:n.end], '#') >= 0 {
			return nil, errUneditable
		}
		return []splice{{n.start, n.end, e.blank(n) + style.value(edit.fill), 0}}, nil
	}
	key := edit.parent.entries[edit.at].key
	depth := edit.parent.column + e.step
	var lines strings.Builder
	blockLines(&lines, edit.fill, depth, e.step, e.eol(n.end))
	start := n.start
	for start > key.end && e.text[start-1] == ' ' {
		start--
	}
	at := e.insert(n.end, depth, lines.String())
	if n.absent || start == n.end {
		return []splice{at}, nil
	}
	return []splice{{start, n.end, "", 0}, at}, nil
}
