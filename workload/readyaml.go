package workload

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	yamlv2 "go.yaml.in/yaml/v2"
)

// yaml reads a piece of YAML that fits into memory.
func (f *file) yaml(p *piece, at Source) {
	if hasItemsLine(p.text) && f.blockItems(p, at) {
		return
	}
	if f.plainYAML(p.text, p.line, at.Line, &listing{at: &at}) {
		return
	}
	root, err := decodeYAML(p.text)
	if err != nil {
		f.yamlBroken(&listing{at: &at}, at.Line, p.line, err)
		return
	}
	f.yamlRoot(p.text, p.line, root, at)
}

// plainYAML reads an object, which is no List, from a text in plain block style
// that begins at the line start, and reports whether it is one.
func (f *file) plainYAML(text []byte, start, line int, in *listing) bool {
	if !f.plain.read(text) || bytes.Contains(f.plain.out, []byte(`List"`)) {
		return false
	}
	doc := yamlDocument(text, start)
	doc.unique = true
	f.object(f.plain.out, in, line, doc)
	return true
}

// yamlBroken is brokenNext for an error in a text that begins at the line start.
func (f *file) yamlBroken(in *listing, line, start int, err error) {
	var failed *yamlError
	if errors.As(err, &failed) {
		failed = failed.in(start)
		err = failed
		if failed.line > 0 {
			line = failed.line
		}
	}
	f.brokenNext(in, line, err)
}

// yamlRoot reads the root of a document.
func (f *file) yamlRoot(text []byte, line int, root any, at Source) {
	switch {
	case root == nil: // empty
	case isMap(root):
		f.yamlObject(root, yamlDocument(text, line), at.Line, &listing{at: &at})
	default:
		f.emit(Item{Source: at})
	}
}

func isMap(v any) bool {
	switch v.(type) {
	case yamlv2.MapSlice, map[any]any:
		return true
	}
	return false
}

// field returns the value of a map's key.
func field(m any, name string) (any, bool) {
	switch m := m.(type) {
	case yamlv2.MapSlice:
		for _, item := range m {
			if item.Key == name {
				return item.Value, true
			}
		}
	case map[any]any:
		v, ok := m[name]
		return v, ok
	}
	return nil, false
}

// yamlHeader is scanHeader for a map. The items come apart.
func yamlHeader(m any) (h header, items any) {
	apiVersion, _ := field(m, "apiVersion")
	kind, _ := field(m, "kind")
	h.apiVersion, h.hasAPIVersion = apiVersion.(string)
	h.kind, h.hasKind = kind.(string)
	items, ok := field(m, "items")
	switch items.(type) {
	case nil:
		if ok {
			h.items = []byte("null")
		}
	case []any:
		h.items = []byte("[]")
	default:
		h.items = []byte("{}")
	}
	return h, items
}

// yamlObject reads an object, or a List of them, that was decoded.
func (f *file) yamlObject(m any, doc *document, line int, in *listing) {
	h, items := yamlHeader(m)
	if h.isList() {
		f.yamlList(m, h, items, doc, line, in)
		return
	}
	// One limit for all objects of a text: they may share what makes them grow.
	raw, err := toJSON(m, maxGrowth*f.r.opts.MaxObject-doc.yaml.grown)
	doc.yaml.grown += len(raw)
	if err != nil {
		f.yamlBroken(in, line, doc.at.line, doc.locate(err))
		return
	}
	f.object(raw, in, line, doc)
}

func (f *file) yamlList(m any, h header, items any, doc *document, line int, in *listing) {
	if in.depth >= maxListDepth {
		f.brokenNext(in, line, errListDepth)
		return
	}
	shapes, err := f.checkAround(m)
	if err != nil {
		f.yamlBroken(in, line, doc.at.line, doc.locate(err))
		return
	}
	list, _ := items.([]any)
	f.list(h, shapes, len(list) == 0, in, line)
	f.yamlItems(list, 0, doc, line, in.begin(h))
}

// yamlItems reads a List's items from the given one on.
func (f *file) yamlItems(list []any, from int, doc *document, line int, in *listing) {
	for i := from; i < len(list) && !f.stopped; i++ {
		inside := doc.member("items[" + strconv.Itoa(i) + "]")
		if at, _ := inside.position(""); at > 0 {
			line = at
		}
		f.yamlItem(list[i], inside, line, in)
	}
}

// yamlItem reads one item of a List.
func (f *file) yamlItem(v any, doc *document, line int, in *listing) {
	if !isMap(v) {
		f.brokenNext(in, line, fmt.Errorf("an item of the List is %s, not an object", yamlType(v)))
		return
	}
	f.yamlObject(v, doc, line, in)
}

func yamlType(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "a string"
	case bool:
		return "a boolean"
	case []any:
		return "a list"
	default:
		return "a number"
	}
}

// checkAround is checkList for a map.
func (f *file) checkAround(m any) (shapes []string, err error) {
	var around any
	switch m := m.(type) {
	case yamlv2.MapSlice:
		ordered := slices.Clone(m)
		for i := range ordered {
			if ordered[i].Key == "items" {
				ordered[i].Value = nil
			}
		}
		around = ordered
	case map[any]any:
		plain := maps.Clone(m)
		delete(plain, "items")
		around = plain
	}
	raw, err := toJSON(around, maxGrowth*f.r.opts.MaxObject)
	if err != nil {
		return nil, err
	}
	return besideItems(raw)
}

// blockItems reads a piece that is a List in block style item by item, and
// reports whether it is one. An item that cannot be read alone, because an
// alias or a string goes beyond it, is read from the whole text if that works.
func (f *file) blockItems(p *piece, at Source) bool {
	limit := len(p.text)
	list, err := cutBlockList(bytes.NewReader(p.text), p.line, limit+len("items: []\n"), nil)
	if err != nil {
		return false
	}
	h, shapes, err := f.listHeader(&list)
	if err != nil || !h.isList() || !list.items {
		return false
	}
	outer := &listing{at: &at}
	in, listLine := outer.begin(h), at.Line
	f.list(h, shapes, false, outer, listLine)
	count, whole, tried := 0, false, false
	_, err = cutBlockList(bytes.NewReader(p.text), p.line, limit, func(item blockItem) bool {
		count++
		if f.plainYAML(item.text, item.line, item.first(), in) {
			return !f.stopped
		}
		v, err := decodeYAML(item.text)
		if err == nil {
			f.pieceOfList(item, v, in)
			return !f.stopped
		}
		if !tried {
			tried = true
			if root, err := decodeYAML(p.text); err == nil {
				_, items := yamlHeader(root)
				list, _ := items.([]any)
				f.yamlItems(list, count-1, yamlDocument(p.text, p.line), listLine, in)
				whole = true
				return false
			}
		}
		f.brokenItem(item, err, in)
		return !f.stopped
	})
	switch {
	case whole || f.stopped:
	case err != nil:
		f.broken(*in.at, err)
	}
	return true
}

// pieceOfList reads an item that was cut from a List.
func (f *file) pieceOfList(item blockItem, v any, in *listing) {
	f.yamlItem(v, yamlDocument(item.text, item.line), item.first(), in)
}

// first returns the line of an item's first token.
func (i blockItem) first() int {
	start := max(contentStart(i.text), 0)
	return i.line + bytes.Count(i.text[:start], []byte("\n"))
}

func (f *file) brokenItem(item blockItem, err error, in *listing) {
	f.yamlBroken(in, item.line, item.line, err)
}

// largeYAML is yaml for a piece that does not fit into memory.
func (f *file) largeYAML(p *piece, at Source) {
	limit := f.r.opts.MaxObject
	outer := &listing{at: &at}
	list, h, shapes, err := f.largeHeader(p)
	switch {
	case errors.Is(err, errTooLarge), errors.Is(err, errNotBlockList), err == nil && !h.isList():
		f.broken(at, f.notBlockList())
		return
	case err != nil:
		f.yamlBroken(outer, at.Line, p.line, err)
		return
	}
	f.list(h, shapes, !list.items, outer, at.Line)
	in := outer.begin(h)
	_, err = cutBlockList(again(p.large, 0), p.line, limit, func(item blockItem) bool {
		if item.text == nil {
			f.brokenNext(in, item.line, f.tooLarge())
			return !f.stopped
		}
		if f.plainYAML(item.text, item.line, item.first(), in) {
			return !f.stopped
		}
		v, err := decodeYAML(item.text)
		var failed *yamlError
		if errors.As(err, &failed) && strings.Contains(failed.msg, "unknown anchor") {
			failed.msg += ": a List this large cannot share anchors between its items, convert it to JSON"
		}
		if err != nil {
			f.brokenItem(item, err, in)
		} else {
			f.pieceOfList(item, v, in)
		}
		return !f.stopped
	})
	if err != nil {
		f.broken(*in.at, err)
	}
}

// notBlockList says that a document is longer than an object may be, and no
// List that can be read item by item.
func (f *file) notBlockList() error {
	return fmt.Errorf("%w; only a List may be, as JSON or in the block style that kubectl writes: "+
		"leave the object out, or convert the List with kubectl get -o json", f.large())
}

// listHeader reads what is around the items of a List in block style.
func (f *file) listHeader(list *blockList) (h header, shapes []string, err error) {
	around, err := list.header()
	if err != nil {
		return header{}, nil, err
	}
	h, _ = yamlHeader(around)
	shapes, err = f.checkAround(around)
	return h, shapes, err
}

// largeHeader is listHeader for a large piece. Lines of its error are those of
// the piece.
func (f *file) largeHeader(p *piece) (list blockList, h header, shapes []string, err error) {
	list, err = cutBlockList(again(p.large, 0), p.line, f.r.opts.MaxObject, nil)
	if err != nil {
		return list, h, nil, err
	}
	h, shapes, err = f.listHeader(&list)
	var duplicate *duplicateKeyError
	if errors.As(err, &duplicate) {
		err = locate(list.rest, err)
	}
	var failed *yamlError
	if errors.As(err, &failed) && failed.line > bytes.Count(list.rest[:list.head], []byte("\n")) {
		// The line is behind the items, where those of rest do not count.
		err = &yamlError{msg: failed.msg}
	}
	return list, h, shapes, err
}

// again reads a large piece from an offset on.
func again(piece *io.SectionReader, offset int64) io.Reader {
	return io.NewSectionReader(piece, offset, piece.Size()-offset)
}
