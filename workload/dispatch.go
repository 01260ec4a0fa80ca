package workload

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// dispatch reads the object by its kind.
func (r *reading) dispatch() {
	group, version := splitAPIVersion(r.apiVersion)
	isList := strings.HasSuffix(r.typeMeta.kind, "List")
	switch {
	case isList && r.itemsAt > 0:
		r.broken("a %s stands where one object is expected", r.typeMeta.kind)
	case isList && r.kind == nil && r.lacksItems(group):
	case r.kind == nil:
		r.podless(group)
	case r.suspectAt > 0:
		r.misspeltAt(r.suspectAt, topKeys)
	case r.kind.builtin && !slices.Contains(r.kind.versions, version):
		r.broken("unknown apiVersion %s of kind %s", strconv.Quote(r.apiVersion), r.kind.kind)
	case r.kind.pod:
		r.finishPod()
	case r.kind.builtin:
		r.finishBuiltin()
	default:
		r.finishCustom()
	}
}

// lacksItems fails if the object, whose kind ends in List and which has no
// items, is a List all the same, and reports whether that is so. There are
// custom kinds whose names only end like that; nothing in them is missed.
func (r *reading) lacksItems(group string) bool {
	single := strings.TrimSuffix(r.typeMeta.kind, "List")
	isList := single == "" || r.kinds.find(group, single) != nil
	other := false
	top := scanner{data: r.data, pos: r.start}
	for more := top.object(); more; more = top.nextMember() {
		key := top.key()
		other = other || !slices.Contains(listKeys, string(key))
		r.keyAt = top.keyAt
		r.misspelt(key, listKeys)
		top.skip()
	}
	if isList || !other {
		r.broken("items is missing")
	}
	return r.err != nil
}

// podless reads an object of a kind that is not known to bear pods.
func (r *reading) podless(group string) {
	if r.isNamespace() {
		r.item.Labels = r.labels()
		return
	}
	if group == "metrics.k8s.io" && r.typeMeta.kind == "PodMetrics" { // usage of pods that run, in their shape
		return
	}
	if r.item.Unchecked = templateShapes(r.data); len(r.item.Unchecked) > 0 {
		r.item.Outcome = NotChecked
		r.item.Reason = "the kind is not known, and it holds what looks like a pod template"
	}
}

// finishPod reads a Pod's spec, unless that happened on the way.
func (r *reading) finishPod() {
	if !r.walked && r.specAt > 0 {
		r.pos = r.specAt
		r.spec(&r.pod)
	}
	if !r.pod.hasSpec {
		r.broken("spec is missing")
		return
	}
	r.pod.finish(true, r.stored)
	r.addTemplate(&r.pod, "", false)
}

// finishBuiltin reads the template of a built-in kind, unless that happened on
// the way.
func (r *reading) finishBuiltin() {
	path := &r.kind.paths[0]
	if !r.walked {
		r.fromTop(path.segments, func(at string) { r.readTemplate(path, at) })
	}
	if len(r.item.Templates) == 0 {
		r.broken("%s is missing", path.text)
	}
}

// fromTop walks from the top of the object.
func (r *reading) fromTop(segments []segment, visit func(path string)) {
	if r.err == nil {
		r.pos, r.depth = r.start, 0
		r.walk(segments, "", visit)
	}
}

// finishCustom reads the templates of a custom resource, of which there may be
// several and each may be left out.
func (r *reading) finishCustom() {
	for i := range r.kind.paths {
		path := &r.kind.paths[i]
		r.fromTop(path.segments, func(at string) { r.readTemplate(path, at) })
	}
	for i := range r.kind.unread {
		r.fromTop(r.kind.unread[i].segments, func(at string) { r.leaveUnread(&r.kind.unread[i], at) })
	}
	if len(r.item.Templates) == 0 && len(r.blind) == 0 && r.statesElsewhere() {
		r.blindToShared()
	}
	search := shapeSearch{scanner: scanner{data: r.data}, covered: r.covered, status: true}
	rest := search.all()
	switch {
	case len(r.blind) > 0:
		rest = append(rest, r.blind...)
		slices.Sort(rest)
		r.notChecked(slices.Compact(rest), r.reason)
	case len(rest) > 0 && len(r.item.Templates) > 0:
		r.item.Unchecked = rest
		r.item.Reason = "it holds what looks like a pod template where the kind is not known to have one"
	case len(rest) > 0:
		r.notChecked(rest, "it holds what looks like a pod template where the kind is not known to have one")
	case len(r.item.Templates) == 0 && !r.statesElsewhere():
		r.notChecked(nil, "it states no pod template at "+r.kind.describe())
	}
}

// leaveUnread goes over what stands at a path of the kind that is not read.
func (r *reading) leaveUnread(path *unreadPath, at string) {
	r.peek()
	blind := !path.container || !r.covered[r.pos] && r.likeContainer()
	r.skip()
	if blind {
		r.blindTo(at, path.why)
	}
}

// likeContainer looks ahead whether the value is a map with settings that
// containers have, and parts of pods have not.
func (r *reading) likeContainer() (found bool) {
	if r.peek() != '{' {
		return false
	}
	ahead := scanner{data: r.data, pos: r.pos, depth: r.depth}
	for more := ahead.object(); more; more = ahead.nextMember() {
		found = slices.Contains(containerOnlyKeys, string(ahead.key())) || found
		ahead.skip()
	}
	return found
}

// containerOnlyKeys are fields of containers, and of what KServe makes
// containers from.
var containerOnlyKeys = []string{
	"image", "imagePullPolicy", "command", "args", "env", "envFrom", "ports", "volumeMounts", "volumeDevices", "resources",
	"securityContext", "modelFormat", "runtime", "runtimeVersion", "protocolVersion", "storage", "storageUri",
}

// blindToShared records settings for all pods of an object whose pods are stated
// in another one.
func (r *reading) blindToShared() {
	shape := r.kind.paths[0].shape
	if shape == nil || shape.base == "" {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(shape.baseFields)) {
		segments, err := parsePath(shape.base + "." + name)
		if err != nil { // the table's tests would have failed
			r.broken("%s: %v", shape.base, err)
			return
		}
		r.fromTop(segments, func(at string) {
			r.skip()
			r.blindTo(at, "it changes pods that are stated in another object")
		})
	}
}

func (r *reading) notChecked(paths []string, reason string) {
	r.item.Outcome, r.item.Templates = NotChecked, nil
	r.item.Unchecked, r.item.Reason = paths, reason
}

// statesElsewhere reports whether the object refers to another one, which
// states its pods, or has none.
func (r *reading) statesElsewhere() (found bool) {
	for _, segments := range r.kind.elsewhere {
		r.fromTop(segments, func(string) {
			found = true
			r.skip()
		})
	}
	return found
}

// readTemplate reads what stands at the path of a kind's templates.
func (r *reading) readTemplate(path *kindPath, at string) {
	p := podReading{shape: path.shape}
	if r.extra {
		p.extra = new(Extra)
	}
	r.peek()
	start := r.pos
	switch {
	case path.shape != nil:
		if !r.shapedTemplate(&p, at) {
			return
		}
	case r.kind.builtin || r.hasMember("spec"):
		r.template(&p)
	case r.hasMember("containers"):
		r.spec(&p)
		p.rename("spec", rename{})
	default:
		r.skip()
	}
	switch {
	case r.err != nil:
	case !p.hasSpec && r.kind.builtin:
		r.fail(start, at+".spec is missing")
	case !p.hasSpec:
		r.blindTo(at, "it has neither spec nor containers")
	default:
		p.finish(false, r.stored)
		r.addTemplate(&p, at, path.partial)
		if r.json && path.shape == nil {
			r.keepJSON(start)
		}
		if !r.kind.builtin {
			if r.covered == nil {
				r.covered = map[int]bool{}
			}
			r.covered[start] = true
		}
	}
}

// keepJSON keeps the JSON of the template that was read last, which begins at
// start; a PodSpec that stands alone becomes one with the template around it.
func (r *reading) keepJSON(start int) {
	t := &r.item.Templates[len(r.item.Templates)-1]
	t.JSON = bytes.Clone(r.data[start:r.pos])
	if _, bare := t.renames.find("spec"); bare {
		t.JSON = slices.Concat([]byte(`{"spec":`), t.JSON, []byte("}"))
	}
}

// hasMember looks ahead whether the object has a key.
func (r *reading) hasMember(name string) (found bool) {
	if r.peek() != '{' {
		return name == "spec" // reading it as a template names the wrong type
	}
	ahead := scanner{data: r.data, pos: r.pos, depth: r.depth}
	for more := ahead.object(); more; more = ahead.nextMember() {
		key := ahead.key()
		found = found || string(key) == name
		ahead.skip()
	}
	return found
}

// blindTo records that what stands at a path cannot be read.
func (r *reading) blindTo(path, why string) {
	if len(r.blind) == 0 {
		r.reason = fmt.Sprintf("the pod at %s cannot be read: %s", path, why)
	}
	r.blind = append(r.blind, path)
}
