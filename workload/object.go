package workload

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// typeMeta is what names an object's type.
type typeMeta struct{ apiVersion, kind string }

// reading is one object as it is being read.
type reading struct {
	scanner
	stored, extra, json bool
	kinds               *kinds
	item                Item
	asked               []string // annotations
	start               int      // where the object begins
	within              bool     // something may stand behind it

	// What is known of the type: whether both parts have been seen, and the
	// kind, nil if it is not known to bear pods.
	typeMeta
	hasAPIVersion, hasKind bool
	kind                   *podKind

	// Where parts begin that are read once the type is known; 0 for none.
	metaAt, labelsAt, specAt, itemsAt, suspectAt int
	// suspectTypeAt is suspectAt for keys that name the type.
	suspectTypeAt int

	pod     podReading   // of a Pod
	walked  bool         // the templates have been read on the way
	covered map[int]bool // where the templates of a custom resource begin that were read
	shared  *podReading  // what all pods of the object share, once it has been read
	shares  int          // how much of that all templates have together, see maxShared
	blind   []string     // paths of what cannot be read
	reason  string       // why
	strings []string     // backs lists of strings
}

var (
	topKeys  = []string{"apiVersion", "kind", "metadata", "spec", "template"}
	listKeys = []string{"apiVersion", "kind", "metadata", "items"}
	metaKeys = []string{"name", "generateName", "namespace", "labels", "annotations", "ownerReferences"}
)

// maxTemplates bounds how many pods an object may state. Ten bytes are enough for one,
// which takes hundreds once it is read.
const maxTemplates = 1 << 13

// typeKeys is how many of the topKeys name the type.
const typeKeys = 2

// ReadObject reads one object from its JSON. It is meant for objects that come
// from an API server, one after another, so it is quick: it demands well-formed
// JSON, checks what it looks at, and keeps no positions.
func (r *Reader) ReadObject(json []byte) Item {
	return r.readObject(json, typeMeta{}, Source{}, nil, nil)
}

// readObject reads one JSON object. inherit is the type of objects that state
// none, the items of a typed list; doc is where its text stands, if anybody may ask.
// With memory for keys, a key that comes twice anywhere makes the object Broken, as
// texts demand that are written by people. The error of a Broken item is a
// *syntaxError.
func (r *Reader) readObject(raw []byte, inherit typeMeta, at Source, doc *document, keys *uniqueKeys) Item {
	o := r.reading(scanner{data: raw, unique: keys})
	o.read(inherit)
	if o.err != nil && keys != nil {
		// A key that comes twice is told of before whatever else is wrong.
		s := strict(raw)
		s.skip()
		o = r.reading(scanner{data: raw})
		if o.err = s.err; o.err == nil {
			o.read(inherit)
		}
	}
	item := &o.item
	item.Source = at
	if o.err != nil {
		item.Outcome, item.Err = Broken, o.err
		item.Templates, item.Unchecked, item.Reason, item.Labels, item.Annotations = nil, nil, "", nil, nil
	}
	for i := range item.Templates {
		item.Templates[i].doc = doc
	}
	o.keepText(raw)
	return *item
}

func (r *Reader) reading(s scanner) reading {
	return reading{
		scanner: s, stored: r.opts.Stored, extra: r.opts.Extra, json: r.opts.JSON, kinds: r.kinds, asked: r.opts.Annotations,
	}
}

// readWithin reads the object that stands at a scanner's place as ReadObject would
// read it alone, and moves the scanner behind it. If the item were Broken, or the
// text is nothing that the scanner could skip, it is not ok, and nothing has changed.
func (r *Reader) readWithin(s *scanner) (item *Item, ok bool) {
	o := r.reading(scanner{data: s.data[s.pos:], depth: s.depth, unique: s.unique})
	o.within = true
	if o.read(typeMeta{}); o.err != nil {
		return nil, false
	}
	o.keepText(o.data)
	s.pos += len(o.data)
	return &o.item, true
}

// keepText keeps the text of the object, if that is wanted.
func (r *reading) keepText(raw []byte) {
	item := &r.item
	if !r.json || !item.Kubernetes || item.Outcome == Broken {
		return
	}
	item.JSON = bytes.Clone(raw)
	if r.kind != nil && r.kind.pod && len(item.Templates) == 1 {
		item.Templates[0].JSON = item.JSON
	}
}

// broken records what is wrong with the object as a whole.
func (r *reading) broken(format string, args ...any) {
	r.fail(r.start, fmt.Sprintf(format, args...))
}

// read reads the object: its members once, then what had to wait for the type.
func (r *reading) read(inherit typeMeta) {
	if r.extra {
		r.pod.extra = new(Extra)
	}
	if r.peek() != '{' {
		r.valueStarts()
		r.wrongType(r.pos, "an object")
	}
	r.start = r.pos
	var seen uint32
	for more := r.object(); more; more = r.nextMember() {
		r.topMember(r.key(), &seen)
	}
	if r.within {
		r.data = r.data[:r.pos:r.pos]
	}
	r.end()
	r.unique = nil // all keys have been looked at
	if r.err != nil || !r.isKubernetes(inherit) {
		return
	}
	r.depth = 1
	if r.metaAt > 0 {
		r.pos = r.metaAt
		r.metadata()
	}
	if r.err == nil {
		r.dispatch()
	}
}

// topMember reads a member of the object itself.
func (r *reading) topMember(key []byte, seen *uint32) {
	switch string(key) {
	case "apiVersion":
		r.once(seen, 0)
		r.apiVersion, r.hasAPIVersion = r.text(), true
		r.resolve()
	case "kind":
		r.once(seen, 1)
		r.typeMeta.kind, r.hasKind = r.text(), true
		r.resolve()
	case "metadata":
		r.once(seen, 2)
		if !r.hasAPIVersion || !r.hasKind {
			r.peek()
			r.metaAt = r.pos
			r.skip()
			return
		}
		r.metadata()
	case "spec":
		r.once(seen, 3)
		r.topSpec(string(key))
	case "template":
		r.once(seen, 4)
		r.topSpec(string(key))
	case "items":
		r.once(seen, 5)
		r.peek()
		r.itemsAt = r.pos
		r.skip()
	default:
		for i, name := range topKeys {
			if len(key) == len(name) && strings.EqualFold(string(key), name) {
				r.suspectAt = r.keyAt
				if i < typeKeys && r.peek() == '"' {
					r.suspectTypeAt = r.keyAt
				}
			}
		}
		r.skip()
	}
}

// topSpec reads the member that holds the pods, if the type is known already,
// as it is in what an API server writes.
func (r *reading) topSpec(key string) {
	switch {
	case r.kind != nil && r.kind.pod && key == "spec":
		r.spec(&r.pod)
		r.walked = true
	case r.kind != nil && r.kind.builtin && !r.kind.pod && r.kind.paths[0].segments[0].key == key:
		r.walked = true
		path := &r.kind.paths[0]
		r.walk(path.segments[1:], key, func(at string) { r.readTemplate(path, at) })
	default:
		if key == "spec" {
			r.peek()
			r.specAt = r.pos
		}
		r.skip()
	}
}

// resolve finds the kind once apiVersion and kind are known.
func (r *reading) resolve() {
	if r.hasAPIVersion && r.hasKind && !r.item.Kubernetes && r.err == nil {
		r.item.Object.APIVersion, r.item.Object.Kind = r.apiVersion, r.typeMeta.kind
		r.item.Kubernetes = true
		group, _ := splitAPIVersion(r.apiVersion)
		r.kind = r.kinds.find(group, r.typeMeta.kind)
	}
}

// splitAPIVersion returns the group and the version; the version is empty if
// the text is no apiVersion.
func splitAPIVersion(apiVersion string) (group, version string) {
	group, version, ok := strings.Cut(apiVersion, "/")
	if !ok {
		return "", apiVersion
	}
	if group == "" || strings.Contains(version, "/") {
		return "", ""
	}
	return group, version
}

// isKubernetes reports whether the object has a type, and records what is
// wrong if it has half of one.
func (r *reading) isKubernetes(inherit typeMeta) bool {
	if !r.hasAPIVersion && inherit.apiVersion != "" {
		r.apiVersion, r.hasAPIVersion = inherit.apiVersion, true
	}
	if !r.hasKind && inherit.kind != "" {
		r.typeMeta.kind, r.hasKind = inherit.kind, true
	}
	if !r.hasAPIVersion && !r.hasKind {
		r.misspeltAt(r.suspectTypeAt, topKeys)
		return false
	}
	r.resolve()
	r.item.Object.APIVersion, r.item.Object.Kind = r.apiVersion, r.typeMeta.kind
	r.item.Kubernetes = true
	switch _, version := splitAPIVersion(r.apiVersion); {
	case !r.hasAPIVersion:
		r.broken("apiVersion is missing")
	case !r.hasKind:
		r.broken("kind is missing")
	case r.apiVersion == "":
		r.broken("apiVersion is empty")
	case r.typeMeta.kind == "":
		r.broken("kind is empty")
	case version == "":
		r.broken("apiVersion %s is none, it must be group/version or, in the core group, version", strconv.Quote(r.apiVersion))
	}
	return r.err == nil
}

func (r *reading) isNamespace() bool {
	group, _ := splitAPIVersion(r.apiVersion)
	return group == "" && r.typeMeta.kind == "Namespace"
}

// metadata reads an object's metadata.
func (r *reading) metadata() {
	var seen uint32
	object := &r.item.Object
	for more := r.object(); more; more = r.nextMember() {
		switch key := r.key(); string(key) {
		case "name":
			r.once(&seen, 0)
			if name := r.text(); name != "" {
				object.Name = name
			}
		case "generateName":
			r.once(&seen, 1)
			// A namespace's labels count for its name, and this is none yet.
			if name := r.text(); object.Name == "" && !r.isNamespace() {
				object.Name = name
			}
		case "namespace":
			r.once(&seen, 2)
			object.Namespace = r.text()
		case "labels":
			r.once(&seen, 3)
			r.peek()
			r.labelsAt = r.pos
			if r.kind != nil && r.kind.pod && r.extra {
				r.pod.extra.Labels = r.stringMap()
				break
			}
			r.skip()
		case "annotations":
			r.once(&seen, 4)
			switch {
			case r.kind != nil && r.kind.pod:
				r.pod.pod.Annotations = r.annotations(r.pod.extra, &r.item.Annotations)
			case len(r.asked) > 0:
				r.annotations(nil, &r.item.Annotations)
			default:
				r.skip()
			}
		case "ownerReferences":
			r.once(&seen, 5)
			for more := r.list(); more; more = r.nextItem() {
				r.owner()
			}
		case "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "finalizers", "selfLink":
			r.skip()
		default:
			r.other(key, metaKeys)
		}
	}
}

// owner reads an owner and keeps it if it controls the object.
func (r *reading) owner() {
	var seen uint32
	var o Owner
	controls := false
	for more := r.object(); more; more = r.nextMember() {
		switch key := r.key(); string(key) {
		case "apiVersion":
			r.once(&seen, 0)
			o.APIVersion = r.text()
		case "kind":
			r.once(&seen, 1)
			o.Kind = r.text()
		case "name":
			r.once(&seen, 2)
			o.Name = r.text()
		case "uid":
			r.once(&seen, 3)
			o.UID = r.text()
		case "controller":
			r.once(&seen, 4)
			controls = r.boolean()
		default:
			r.skip()
		}
	}
	if controls && r.item.Controller == (Owner{}) {
		r.item.Controller = o
	}
}

// labels reads metadata.labels.
func (r *reading) labels() map[string]string {
	if r.labelsAt == 0 {
		return map[string]string{}
	}
	r.pos = r.labelsAt
	if labels := r.stringMap(); labels != nil {
		return labels
	}
	return map[string]string{}
}

// stringMap reads a map of strings; it is nil if it is empty.
func (r *reading) stringMap() (all map[string]string) {
	for more := r.object(); more; more = r.nextMember() {
		key := string(r.key())
		if _, ok := all[key]; ok {
			r.duplicate()
		}
		if all == nil {
			all = map[string]string{}
		}
		all[key] = r.text()
	}
	return all
}

// other goes over the value of a key that is not read.
func (r *reading) other(key []byte, names []string) {
	r.misspelt(key, names)
	r.skip()
}

// addTemplate adds a template that was read to the item.
func (r *reading) addTemplate(p *podReading, path string, partial bool) {
	if len(r.item.Templates) == maxTemplates {
		r.broken("it states more than %d pods: split it", maxTemplates)
		return
	}
	t := Template{
		Path: path, Partial: partial, Pod: p.pod, RuntimeClass: p.runtimeClass, Extra: p.extra, Annotations: p.annotations, renames: p.renames,
	}
	if p.pod.OS == "windows" && p.shape == nil {
		end, depth, unique := r.pos, r.depth, r.unique
		r.pos, r.unique = p.specAt, nil
		t.invalid = r.windowsInvalid(&p.pod)
		if r.unique = unique; r.err == nil {
			r.pos, r.depth = end, depth
		}
	}
	r.item.Templates = append(r.item.Templates, t)
	r.item.Outcome = Read
}
