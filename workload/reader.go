package workload

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync"
)

const (
	// defaultMaxObject is Options.MaxObject if that is 0.
	defaultMaxObject = 16 << 20
	// maxListDepth is how deep Lists may stand in Lists.
	maxListDepth = 8
	// maxGrowth is how many times longer than Options.MaxObject a YAML object
	// may become in JSON: short scalars and aliases grow.
	maxGrowth = 8
)

// Reader reads manifests. It is for use by any number of goroutines.
type Reader struct {
	opts  Options
	kinds *kinds
	spare sync.Pool // of *buffers
}

// NewReader returns a Reader. It fails if the options make no sense.
func NewReader(opts Options) (*Reader, error) {
	if opts.MaxObject < 0 {
		return nil, fmt.Errorf("the largest size of an object cannot be %d", opts.MaxObject)
	}
	if opts.MaxObject == 0 {
		opts.MaxObject = defaultMaxObject
	}
	for _, name := range opts.Annotations {
		if relevantAnnotation([]byte(name)) {
			return nil, fmt.Errorf("the annotation %s is read for Pod Security, and cannot be kept beside that", name)
		}
	}
	kinds, err := newKinds(opts.Paths)
	if err != nil {
		return nil, err
	}
	return &Reader{opts: opts, kinds: kinds}, nil
}

// buffers are what reading a file needs and nothing of which is kept, so that
// the next file can have it.
type buffers struct {
	in    *bufio.Reader // nil until something is read in parts
	text  []byte        // of a piece
	plain plainYAML
	// unique is for the keys of JSON.
	unique uniqueKeys
}

// maxSpare is how long a buffer may be that is kept for the next file.
const maxSpare = 1 << 20

func (r *Reader) borrow() *buffers {
	if b, ok := r.spare.Get().(*buffers); ok {
		return b
	}
	return &buffers{}
}

// open begins to read in parts.
func (b *buffers) open(in io.Reader) {
	if b.in == nil {
		b.in = bufio.NewReaderSize(in, 64<<10)
	} else {
		b.in.Reset(in)
	}
}

func (r *Reader) giveBack(b *buffers) {
	if b.in != nil {
		b.in.Reset(nil)
	}
	b.plain.forget()
	b.unique.forget()
	if cap(b.text) <= maxSpare && cap(b.plain.out) <= maxSpare {
		r.spare.Put(b)
	}
}

// Read yields every object of one file, in its order: the items of Lists for
// the Lists, and what could not be read as Broken items; a List without items
// is an object that was passed over. An empty file yields nothing. name is the
// file's, for [Source.File].
//
// Documents are what stands between lines that match ^---(\s|$). They count
// from 1, empty ones too, but for what comes before the first such line if that
// has no content; in a stream of JSON values each is a document.
//
// Memory does not grow with the file: what is longer than Options.MaxObject
// must be a List. Such a List is read twice, so it is copied to a temporary
// file where the input is not a file itself. What has a NUL in it is binary and
// Broken; reading ends there if no separator line follows soon.
func (r *Reader) Read(name string, in io.Reader) iter.Seq[Item] {
	return func(yield func(Item) bool) {
		f := file{r: r, name: name, yield: yield}
		f.read(in)
	}
}

// file is a file that is being read.
type file struct {
	r        *Reader
	name     string
	yield    func(Item) bool
	stopped  bool // yield wants no more
	document int
	*buffers
	// unrendered says that the piece at hand looks like a Helm template, once
	// somebody has asked; until then unseen is the piece.
	unrendered bool
	unseen     []byte
}

func (f *file) read(in io.Reader) {
	f.buffers = f.r.borrow()
	defer f.r.giveBack(f.buffers)
	f.open(in)
	pieces, err := newSplitter(in, f.buffers, f.r.opts.MaxObject)
	if err != nil {
		f.document = 1
		f.broken(f.source(1), err)
		return
	}
	defer pieces.close()
	for !f.stopped {
		p, err := pieces.next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			f.document++
			f.unrendered, f.unseen = false, nil
			f.broken(f.source(pieces.line), err)
			return
		}
		f.piece(p)
	}
}

var errBinary = errors.New("the file is binary, not text")

// piece reads what stands between two separator lines.
func (f *file) piece(p *piece) {
	start := contentStart(p.text)
	if start < 0 && p.large == nil && p.err == nil {
		// What looks empty is parsed all the same: YAML knows line ends that do
		// not end lines elsewhere, and content could hide behind one in a comment.
		if root, err := decodeYAML(p.text); root == nil && err == nil {
			if !p.first {
				f.document++
			}
			return
		}
	}
	f.document++
	at := f.source(p.line + bytes.Count(p.text[:max(start, 0)], []byte("\n")))
	brace := jsonStart(p.text)
	f.unrendered, f.unseen = false, p.text
	switch {
	case bytes.IndexByte(p.text, 0) >= 0:
		at.Line = p.line + lineAt(p.text, bytes.IndexByte(p.text, 0)) - 1
		f.broken(at, errBinary)
	case errors.Is(p.err, errNotBlockList):
		f.broken(at, f.notBlockList())
	case p.err != nil:
		f.broken(at, p.err)
	case p.large != nil && brace >= 0:
		// It is read again: only what stands before is needed of what is in memory.
		f.unrendered, f.unseen = bytes.Contains(p.text, []byte("{{")), nil
		p.text = bytes.Clone(p.text[:brace])
		f.largeJSON(p, brace)
	case p.large != nil:
		f.largeYAML(p, at)
	case brace >= 0:
		f.json(p, brace, at)
	default:
		f.yaml(p, at)
	}
}

func (f *file) source(line int) Source {
	return Source{File: f.name, Document: f.document, Line: line}
}

func (f *file) emit(item Item) {
	if item.Outcome == Broken && f.isUnrendered() {
		item.Err = fmt.Errorf("%w; is this a Helm template? check what \"helm template\" makes of it", item.Err)
	}
	if !f.stopped && !f.yield(item) {
		f.stopped = true
	}
}

func (f *file) isUnrendered() bool {
	if f.unseen != nil {
		f.unrendered, f.unseen = bytes.Contains(f.unseen, []byte("{{")), nil
	}
	return f.unrendered
}

func (f *file) broken(at Source, err error) {
	f.emit(Item{Source: at, Outcome: Broken, Err: err})
}

// tooLarge says that an object is longer than it may be, and what to do.
func (f *file) tooLarge() error {
	return fmt.Errorf("%w: leave the object out, an API server would not store it", f.large())
}

func (f *file) large() error {
	limit := fmt.Sprintf("%d bytes", f.r.opts.MaxObject)
	if mib := f.r.opts.MaxObject >> 20; mib<<20 == f.r.opts.MaxObject {
		limit = fmt.Sprintf("%d MiB", mib)
	}
	return fmt.Errorf("one object is larger than %s", limit)
}

// listing is a List whose items are being read.
type listing struct {
	at      *Source  // of the next item: Item counts on, through nested Lists
	inherit typeMeta // of items that state no type
	depth   int      // how many Lists are around the items
}

// listing begins a List that stands alone, or in another one.
func (l *listing) begin(h header) *listing {
	inner := &listing{at: l.at, depth: l.depth + 1}
	if single := strings.TrimSuffix(h.kind, "List"); single != "" {
		inner.inherit = typeMeta{apiVersion: h.apiVersion, kind: single}
	}
	return inner
}

// isList reports whether an object is a List to be unrolled.
func (h header) isList() bool {
	if h.apiVersion == "" || !strings.HasSuffix(h.kind, "List") {
		return false
	}
	return len(h.items) > 0 && (h.items[0] == '[' || h.items[0] == 'n')
}

var errListDepth = fmt.Errorf("lists stand in Lists more than %d deep", maxListDepth)

// besideItems looks at a List, as JSON, without its items: it returns the paths
// of what looks like a pod template there. Keys that are like those of a List
// are an error.
func besideItems(rest []byte) (shapes []string, err error) {
	s := scanner{data: rest}
	for more := s.object(); more; more = s.nextMember() {
		s.misspelt(s.key(), listKeys)
		s.skip()
	}
	if s.err != nil {
		return nil, s.err
	}
	return templateShapes(rest), nil
}

// list emits a List itself where there is something to say about it: it holds
// pods beside its items, or it has no items and so no pod in it. Only what has
// no items takes a number.
func (f *file) list(h header, shapes []string, empty bool, in *listing, line int) {
	item := Item{Source: *in.at, Object: Object{APIVersion: h.apiVersion, Kind: h.kind}, Kubernetes: true}
	item.Source.Line = line
	if len(shapes) > 0 {
		item.Outcome, item.Unchecked = NotChecked, shapes
		item.Reason = "it is a List that holds what looks like a pod template beside its items"
	}
	if empty || len(shapes) > 0 {
		f.emit(item)
	}
	if empty {
		in.at.Item++
	}
}

// object reads one object from JSON, whatever its text was in. In a List it
// takes its number.
func (f *file) object(raw []byte, in *listing, line int, doc *document) {
	at := *in.at
	at.Line = line
	var keys *uniqueKeys
	if !doc.unique {
		keys = f.uniqueKeys()
	}
	item := f.r.readObject(raw, in.inherit, at, doc, keys)
	var failed *syntaxError
	if errors.As(item.Err, &failed) {
		item.Source.Line = doc.lineOf(raw, failed.offset, line)
	}
	f.emitNext(in, item)
}

// emitNext emits an item of a List, or an object that stands alone.
func (f *file) emitNext(in *listing, item Item) {
	f.emit(item)
	in.at.Item++
}

// brokenNext is broken for an item.
func (f *file) brokenNext(in *listing, line int, err error) {
	at := *in.at
	at.Line = line
	f.emitNext(in, Item{Source: at, Outcome: Broken, Err: err})
}

// lineOf returns the line of an offset in an object's JSON; otherwise is what
// to say where that is not known.
func (d *document) lineOf(raw []byte, offset, otherwise int) int {
	if d.json != nil {
		return d.at.after(raw[:min(offset, len(raw))]).line
	}
	if line, _ := d.position(pathTo(raw, offset)); line > 0 {
		return line
	}
	return otherwise
}
