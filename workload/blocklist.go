package workload

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
)

// A List in block style, as kubectl writes it, is read item by item:
//
//	apiVersion: v1
//	items:
//	- apiVersion: v1
//	  ...
//	kind: List
//
// Cutting the text at the lines that begin with "- " in the column of the first
// one is sound because of YAML's indentation rule: such a line ends whatever
// block is open and begins the next item. Only quoted strings and flow
// collections may go over it. A cut inside one leaves it open at the end of the
// item's text, which is an error there, never another meaning. The text around
// the items is parsed too, once as far as "items:" alone and once as a whole
// with an empty list for the items: the first proves that "items:" is not
// inside something, the second that a map's value ends there.
//
// An item means alone what it means in the document as far as nothing else in
// the document has a say. What could have one:
//   - Directives: %TAG gives tags another meaning. A text with a line that
//     begins with "%" is not cut.
//   - Anchors: an alias to an anchor outside the item is an error in the item
//     alone. An alias behind the items may mean an anchor in them, even where
//     one before them has the same name. A text with a "*" there is not cut.
//   - Merge keys of the List may replace its items. They must be empty when the
//     text around them is parsed.
//   - Line ends that only YAML knows hide lines from the cutter. A text with one
//     is not cut.
//   - Indentation: the dash becomes a space, so every column stays.

// blockList is what stands around the items of such a List.
type blockList struct {
	rest  []byte // the text with "items: []" for the items
	head  int    // how much of rest comes before that
	found bool   // the line "items:" is there
	items bool   // and at least one item
}

// blockItem is the text of one item.
type blockItem struct {
	text []byte // the dash is a space; nil if the text is too large
	line int    // of the text's beginning
}

var errNotBlockList = errors.New("not a List in block style")

// blockCutter goes over the lines of such a text.
type blockCutter struct {
	list   blockList
	limit  int
	yield  func(blockItem) bool
	state  blockState
	column int // of the dashes, -1 as long as there is none
	item   blockItem
	open   bool // an item is being gathered
	large  bool // and is too large
	line   int
	tail   []byte // the last bytes of a line's first part, if more of it follows
}

type blockState uint8

const (
	beforeItems blockState = iota
	inItems
	afterItems
)

// cutBlockList goes over a text that begins at a line of its file. The items go
// to yield, if there is one; the cut ends when it returns false. errTooLarge
// means that what is around the items is longer than limit, errNotBlockList
// that the text cannot be cut.
func cutBlockList(in io.Reader, line, limit int, yield func(blockItem) bool) (blockList, error) {
	c := blockCutter{limit: limit, yield: yield, column: -1, line: line}
	lines := bufio.NewReaderSize(in, 64<<10)
	begins := true
	for {
		part, err := lines.ReadSlice('\n')
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
			return c.list, reason(err)
		}
		if len(part) > 0 {
			more, err := c.part(part, begins)
			if !more || err != nil {
				return c.list, err
			}
			begins = part[len(part)-1] == '\n'
			if begins {
				c.line++
			}
		}
		if errors.Is(err, io.EOF) {
			c.flush()
			return c.list, nil
		}
	}
}

// part takes a line, or a part of one that is very long.
func (c *blockCutter) part(part []byte, begins bool) (more bool, err error) {
	if c.oddBreak(part) || begins && part[0] == '%' {
		return false, errNotBlockList
	}
	if begins && c.state == beforeItems && isItemsLine(part) {
		c.list.head = len(c.list.rest)
		c.list.rest = append(c.list.rest, "items: []\n"...)
		c.list.found = true
		c.state = inItems
		return true, nil
	}
	if begins && c.state == inItems {
		if more, err := c.lineOfItems(part); !more || err != nil {
			return more, err
		}
	}
	if c.state != inItems {
		if len(c.list.rest)+len(part) > c.limit {
			return false, errTooLarge
		}
		c.list.rest = append(c.list.rest, part...)
		return true, nil
	}
	c.gather(part)
	return true, nil
}

// oddBreak is the function of that name for a line that comes in parts.
func (c *blockCutter) oddBreak(part []byte) bool {
	const longest = len("\u2028") - 1 // of a break, without its last byte
	odd := oddBreak(bytes.TrimSuffix(part, []byte("\r")))
	if c.tail != nil {
		seam := slices.Concat(c.tail, part[:min(longest, len(part))])
		odd = odd || oddBreak(bytes.TrimSuffix(seam, []byte("\r")))
		c.tail = nil
	}
	if part[len(part)-1] != '\n' {
		c.tail = bytes.Clone(part[max(0, len(part)-longest):])
	}
	return odd
}

// lineOfItems looks at the beginning of a line after "items:".
func (c *blockCutter) lineOfItems(part []byte) (more bool, err error) {
	content := bytes.TrimLeft(part, " ")
	column := len(part) - len(content)
	content = bytes.TrimRight(content, " \t\r\n")
	switch dash := len(content) > 0 && content[0] == '-' && (len(content) == 1 || content[1] == ' ' || content[1] == '\t'); {
	case len(content) == 0, content[0] == '#':
		return true, nil
	case dash && (c.column < 0 || column == c.column):
		c.column = column
		if !c.flush() {
			return false, nil
		}
		c.open, c.list.items = true, true
		c.item = blockItem{line: c.line}
		return true, nil
	case c.column >= 0 && column > c.column:
		return true, nil
	case column == 0 && !dash:
		c.state = afterItems
		return c.flush(), nil
	}
	return false, errNotBlockList
}

// gather adds to the item that is open.
func (c *blockCutter) gather(part []byte) {
	switch {
	case !c.open || c.yield == nil || c.large:
	case len(c.item.text)+len(part) > c.limit:
		c.item.text, c.large = nil, true
	case c.item.text == nil:
		c.item.text = bytes.Clone(part)
		c.item.text[c.column] = ' '
	default:
		c.item.text = append(c.item.text, part...)
	}
}

// flush hands on the item that is open.
func (c *blockCutter) flush() bool {
	item, open := c.item, c.open
	c.item, c.open, c.large = blockItem{}, false, false
	return !open || c.yield == nil || c.yield(item)
}

// isItemsLine reports whether a line says "items:" and nothing else.
func isItemsLine(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("items:"))
	if !ok {
		return false
	}
	trimmed := bytes.TrimLeft(rest, " \t\r\n")
	return len(trimmed) == 0 || trimmed[0] == '#' && len(trimmed) < len(rest)
}

// oddBreak reports whether a text has a character in it that ends lines in YAML
// and nowhere else.
func oddBreak(text []byte) bool {
	if bytes.Count(text, []byte("\r")) != bytes.Count(text, []byte("\r\n")) {
		return true
	}
	return bytes.Contains(text, []byte("\u0085")) || bytes.Contains(text, []byte("\u2028")) ||
		bytes.Contains(text, []byte("\u2029"))
}

// hasItemsLine reports whether a text may be a List in block style.
func hasItemsLine(text []byte) bool {
	return bytes.HasPrefix(text, []byte("items:")) || bytes.Contains(text, []byte("\nitems:"))
}

// header decodes what is around the items.
func (l *blockList) header() (any, error) {
	if !l.found || bytes.IndexByte(l.rest[l.head:], '*') >= 0 {
		return nil, errNotBlockList
	}
	if before := l.rest[:l.head]; contentStart(before) >= 0 {
		head, err := decodeYAML(before)
		if err != nil {
			return nil, err
		}
		if !isMap(head) {
			return nil, errNotBlockList
		}
	}
	around, err := decodeYAML(l.rest)
	if err != nil {
		return nil, err
	}
	items, _ := field(around, "items")
	if list, ok := items.([]any); !ok || len(list) > 0 {
		return nil, errNotBlockList
	}
	return around, nil
}
