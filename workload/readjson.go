package workload

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// json reads a piece that begins with "{" and fits into memory: a stream of
// JSON values, or else YAML in flow style.
func (f *file) json(p *piece, start int, at Source) {
	if f.one(p, start) {
		return
	}
	s := scanner{data: p.text, pos: start}
	var ends []int // of the values; each begins where the last one ended
	for s.peek() == '{' {
		if s.skip(); s.err != nil {
			break
		}
		ends = append(ends, s.pos)
	}
	if s.err == nil && s.pos < len(s.data) {
		s.unexpected(`"{" or the end`)
	}
	// What ends too early as JSON does so as YAML.
	if s.err != nil && len(ends) < 2 && s.err.offset < len(s.data) {
		if root, err := decodeYAML(p.text); err == nil {
			f.yamlRoot(p.text, p.line, root, at)
			return
		}
	}
	place := place{p.line, 0}.after(p.text[:start])
	last := start
	for i, end := range ends {
		if f.stopped {
			return
		}
		raw := p.text[last:end]
		lead := len(raw) - len(bytes.TrimLeft(raw, " \t\r\n"))
		place = place.after(raw[:lead])
		f.alone(i, raw[lead:], place)
		if last = end; i+1 < len(ends) || s.err != nil {
			place = place.after(raw[lead:])
		}
	}
	if s.err != nil {
		f.streamBroken(len(ends), place.after(p.text[last:min(s.err.offset, len(p.text))]).line, s.err)
	}
}

// one reads a piece that is one object with nothing around it, in which no key comes
// twice, as most are: all in one go. If it is anything else, it is as if nobody had
// looked.
func (f *file) one(p *piece, start int) bool {
	if bytes.Contains(p.text, []byte(`List"`)) {
		return false // perhaps of many, which are read one by one
	}
	s := scanner{data: p.text, pos: start, unique: f.uniqueKeys()}
	s.peek()
	begin := s.pos
	item, ok := f.r.readWithin(&s)
	end := s.pos
	if s.peek(); !ok || s.pos < len(s.data) {
		return false
	}
	at := place{p.line, 0}.after(p.text[:begin])
	item.Source = f.source(at.line)
	doc := jsonDocument(p.text[begin:end], at)
	for i := range item.Templates {
		item.Templates[i].doc = doc
	}
	f.emit(*item)
	return true
}

// uniqueKeys returns memory for the keys of a value.
func (f *file) uniqueKeys() *uniqueKeys {
	f.unique.reset()
	return &f.unique
}

// alone reads a value of a JSON stream; the first one has its document's number
// already.
func (f *file) alone(i int, raw []byte, at place) {
	if i > 0 {
		f.document++
	}
	source := f.source(at.line)
	f.jsonObject(raw, at, &listing{at: &source})
}

func (f *file) streamBroken(i, line int, err error) {
	if i > 0 {
		f.document++
	}
	f.broken(f.source(line), err)
}

// jsonObject reads an object, or a List of them, that is in memory.
func (f *file) jsonObject(raw []byte, at place, in *listing) {
	if in.depth > 0 && raw[0] != '{' {
		f.brokenNext(in, at.line, fmt.Errorf("an item of the List is %s, not an object", jsonType(raw[0])))
		return
	}
	if bytes.Contains(raw, []byte(`List"`)) {
		// An error is readObject's to find.
		if h, err := scanHeader(raw); err == nil && h.isList() {
			f.jsonList(raw, h, at, in)
			return
		}
	}
	f.object(raw, in, at.line, jsonDocument(raw, at))
}

func jsonType(c byte) string {
	switch c {
	case 'n':
		return "null"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case '[':
		return "a list"
	default:
		return "a number"
	}
}

func (f *file) jsonList(raw []byte, h header, at place, in *listing) {
	start := cap(raw) - cap(h.items) // items is a part of raw
	rest := append(append(bytes.Clone(raw[:start]), "[]"...), raw[start+len(h.items):]...)
	shapes, err := checkList(rest, in)
	if err != nil {
		f.brokenNext(in, at.line, err)
		return
	}
	inner := in.begin(h)
	s := scanner{data: h.items}
	place, last := at.after(raw[:start]), 0
	more := s.list()
	f.list(h, shapes, !more, in, at.line)
	for ; more && !f.stopped; more = s.nextItem() {
		s.peek()
		place = place.after(h.items[last:s.pos])
		last = s.pos
		s.skip()
		f.jsonObject(h.items[last:s.pos], place, inner)
	}
}

// checkList checks a List without its items; shapes are those beside them.
func checkList(rest []byte, in *listing) (shapes []string, err error) {
	if in.depth >= maxListDepth {
		return nil, errListDepth
	}
	s := strict(rest)
	if s.skip(); s.err != nil {
		return nil, s.err
	}
	return besideItems(rest)
}

// largeJSON is json for a piece that does not fit into memory.
func (f *file) largeJSON(p *piece, start int) {
	limit := f.r.opts.MaxObject
	begin := place{p.line, 0}.after(p.text[:start])
	w := newWindow(again(p.large, int64(start)), begin)
	for i := 0; !f.stopped; i++ {
		c := w.peek()
		if c == 0 && w.pos == len(w.buf) && errors.Is(w.err, io.EOF) {
			return
		}
		if c != '{' {
			f.streamBroken(i, w.at.line, w.failure(`"{" or the end`))
			return
		}
		raw, err := w.value(limit)
		switch {
		case errors.Is(err, errTooLarge):
			err = f.largeValue(p, start, i, w)
		case err == nil:
			raw = bytes.Clone(raw)
			s := scanner{data: raw}
			if s.skip(); s.err != nil {
				f.streamBroken(i, w.at.after(raw[:min(s.err.offset, len(raw))]).line, s.err)
				return
			}
			f.alone(i, raw, w.at)
			w.advance(len(raw))
			continue
		}
		if err != nil {
			f.streamBroken(i, w.at.line, err)
			return
		}
	}
}

// largeValue reads a value that is longer than an object may be, and goes over
// it. Its error means that nothing behind the value can be read either.
func (f *file) largeValue(p *piece, start, i int, w *window) error {
	limit := f.r.opts.MaxObject
	at, offset := w.at, int64(start)+w.off
	// Its buffer is as long as an object may be, and not needed for a List.
	*w = window{in: again(p.large, offset), at: at, off: w.off}
	rest, err := w.list(limit, nil)
	if errors.Is(err, errTooLarge) {
		f.streamBroken(i, at.line, f.tooLarge())
		behind := newWindow(again(p.large, offset), at)
		if err := behind.skip(); err != nil {
			return err
		}
		*w = *behind
		w.off += offset - int64(start)
		return nil
	}
	if err != nil {
		return err
	}
	if i > 0 {
		f.document++
	}
	source := f.source(at.line)
	in := &listing{at: &source}
	var shapes []string
	h, err := scanHeader(rest)
	if err == nil && !h.isList() {
		err = f.tooLarge()
	}
	if err == nil {
		shapes, err = checkList(rest, in)
	}
	if err != nil {
		f.broken(source, err)
		return nil
	}
	f.list(h, shapes, false, in, at.line)
	inner := in.begin(h)
	items := newWindow(again(p.large, offset), at)
	_, err = items.list(limit, func(e element) bool {
		if e.raw == nil {
			f.brokenNext(inner, e.at.line, f.tooLarge())
		} else {
			f.jsonObject(e.raw, e.at, inner)
		}
		return !f.stopped
	})
	if err != nil {
		f.broken(source, err)
	}
	return nil
}
