package workload

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gabion-security/gabion/pss"
)

// shape says how a custom resource states a pod that its controller assembles,
// where that is neither a PodTemplateSpec nor a PodSpec.
type shape struct {
	// fields are those of the map at the kind's path.
	fields map[string]shapeField
	// base is the path from the object to a map with settings that all of its
	// pods share, baseFields those settings; empty if there is none.
	base       string
	baseFields map[string]shapeField
	// container names the pod's main container where the object does not.
	container string
	// self says that the map at the path is itself a container, too.
	self bool
}

// shapeField is what a field of such a map means for the pod.
type shapeField uint8

const (
	oneContainer   shapeField = iota + 1 // a container
	listContainers                       // a list of containers
	setContainers                        // a map with a list "containers"
	listInit                             // a list of init containers
	listVolumes                          // a list of volumes
	podSettings                          // the pod's securityContext
	hostNetwork                          // the pod's hostNetwork
	runtimeClass                         // the pod's runtimeClassName
	podMetadata                          // metadata with annotations
	podAnnotations                       // annotations
	changesPod                           // changes the pod in a way that is not read
	otherPod                             // states a pod, or makes one, in a way that is not read
)

// maxShared bounds how much of what its pods share an object may have, counted for each
// pod but the first: each of them has to be judged with all of it.
const maxShared = 1 << 16

// rename leads from a path of the pod to where the object states it.
type rename struct {
	to string
	// absolute tells that to begins at the object, not at the template.
	absolute bool
}

// renames are those of a pod: its own, before those that all pods of the object share.
type renames struct{ own, shared map[string]rename }

func (r *renames) none() bool { return len(r.own) == 0 && len(r.shared) == 0 }

func (r *renames) find(path string) (to rename, ok bool) {
	if to, ok = r.own[path]; !ok {
		to, ok = r.shared[path]
	}
	return to, ok
}

// assembledKinds are the kinds whose controllers assemble pods from pieces.
func assembledKinds() []customKind {
	workflow := func(kind, spec string) customKind {
		return customKind{
			group: "argoproj.io", kind: kind, partial: true, shape: workflowShape(spec), paths: []string{
				spec + ".templates[*]", spec + ".templates[*].steps[*][*].inline", spec + ".templates[*].dag.tasks[*].inline",
			},
			elsewhere: []string{
				spec + ".workflowTemplateRef", spec + ".templates[*].dag", spec + ".templates[*].steps", spec + ".templates[*].suspend",
			},
			unread: []unreadPath{
				// Argo does not run templates inline in templates that are inline.
				{path: spec + ".templates[*].steps[*][*].inline.steps", why: inlineTwice},
				{path: spec + ".templates[*].steps[*][*].inline.dag", why: inlineTwice},
				{path: spec + ".templates[*].dag.tasks[*].inline.steps", why: inlineTwice},
				{path: spec + ".templates[*].dag.tasks[*].inline.dag", why: inlineTwice},
				{path: spec + ".artifactGC.podSpecPatch", why: changesPods},
			},
		}
	}
	tekton := func(kind, base string, elsewhere []string, paths ...string) customKind {
		return customKind{
			group: "tekton.dev", kind: kind, paths: paths, partial: true, shape: taskShape(base), elsewhere: elsewhere,
		}
	}
	spark := func(kind, spec string) customKind {
		return customKind{
			group: "sparkoperator.k8s.io", kind: kind, partial: true, shape: sparkShape(spec),
			paths: []string{spec + ".driver", spec + ".executor"},
		}
	}
	return []customKind{
		workflow("Workflow", "spec"),
		workflow("WorkflowTemplate", "spec"),
		workflow("ClusterWorkflowTemplate", "spec"),
		workflow("CronWorkflow", "spec.workflowSpec"),
		tekton("Task", "", nil, "spec"),
		tekton("ClusterTask", "", nil, "spec"),
		tekton("TaskRun", "spec.podTemplate", []string{"spec.taskRef"}, "spec.taskSpec"),
		unread(tekton("Pipeline", "", []string{"spec.tasks[*].taskRef", "spec.tasks[*].pipelineRef"},
			"spec.tasks[*].taskSpec", "spec.finally[*].taskSpec"),
			unreadPath{path: "spec.tasks[*].pipelineSpec", why: nestedPipeline},
			unreadPath{path: "spec.finally[*].pipelineSpec", why: nestedPipeline}),
		unread(tekton("PipelineRun", "spec.taskRunTemplate.podTemplate",
			[]string{"spec.pipelineRef", "spec.pipelineSpec.tasks[*].taskRef"},
			"spec.pipelineSpec.tasks[*].taskSpec", "spec.pipelineSpec.finally[*].taskSpec"),
			// v1beta1's template for all tasks, and the templates for single tasks
			unreadPath{path: "spec.podTemplate", why: changesPods},
			unreadPath{path: "spec.taskRunSpecs[*].podTemplate", why: changesPods},
			unreadPath{path: "spec.taskRunSpecs[*].taskPodTemplate", why: changesPods},
			unreadPath{path: "spec.pipelineSpec.tasks[*].pipelineSpec", why: nestedPipeline},
			unreadPath{path: "spec.pipelineSpec.finally[*].pipelineSpec", why: nestedPipeline}),
		{
			group: "tekton.dev", kind: "StepAction", paths: []string{"spec"}, partial: true,
			shape: &shape{self: true, container: "step"},
		},
		spark("SparkApplication", "spec"),
		spark("ScheduledSparkApplication", "spec.template"),
	}
}

// Why paths of the table are not read.
const (
	changesPods    = "it changes pods that are stated apart from it"
	nestedPipeline = "it is a pipeline in a pipeline"
	inlineTwice    = "it is inline in a template that is inline itself"
)

// unread returns the row with paths that are not read.
func unread(row customKind, paths ...unreadPath) customKind {
	row.unread = paths
	return row
}

func workflowShape(spec string) *shape {
	return &shape{
		container: "main",
		fields: map[string]shapeField{
			"container": oneContainer, "script": oneContainer, "containerSet": setContainers, "sidecars": listContainers,
			"initContainers": listInit, "volumes": listVolumes, "securityContext": podSettings, "metadata": podMetadata,
			"podSpecPatch": changesPod, "resource": otherPod, "data": otherPod, "http": otherPod, "plugin": otherPod,
		},
		base: spec,
		baseFields: map[string]shapeField{
			"volumes": listVolumes, "securityContext": podSettings, "hostNetwork": hostNetwork, "podMetadata": podMetadata,
			"podSpecPatch": changesPod, "templateDefaults": changesPod,
		},
	}
}

func taskShape(base string) *shape {
	return &shape{
		container: "step",
		fields: map[string]shapeField{
			"steps": listContainers, "sidecars": listContainers, "volumes": listVolumes, "metadata": podMetadata,
			"stepTemplate": changesPod,
		},
		base: base,
		baseFields: map[string]shapeField{
			"volumes": listVolumes, "securityContext": podSettings, "hostNetwork": hostNetwork, "runtimeClassName": runtimeClass,
		},
	}
}

func sparkShape(spec string) *shape {
	return &shape{
		container: "spark", self: true,
		fields: map[string]shapeField{
			"podSecurityContext": podSettings, "sidecars": listContainers, "initContainers": listInit,
			"hostNetwork": hostNetwork, "annotations": podAnnotations, "template": changesPod,
		},
		base:       spec,
		baseFields: map[string]shapeField{"volumes": listVolumes},
	}
}

// shapedTemplate reads a pod that is stated in pieces and reports whether the
// map at the path states one.
func (r *reading) shapedTemplate(p *podReading, at string) bool {
	if r.peek() != '{' {
		r.object() // records the wrong type
		return false
	}
	p.at = at
	start, depth := r.pos, r.depth
	back := func() {
		if r.err == nil {
			r.pos, r.depth = start, depth
		}
	}
	if p.shape.base != "" {
		p.inherit(r.base(p.shape))
		if len(r.item.Templates) > 0 {
			r.shares += r.shared.size()
		}
		if r.shares > maxShared {
			r.broken("its pods share more volumes, sysctls, groups or annotations than can be judged with each of them: state fewer, or split it")
			return false
		}
		back()
	}
	if p.shape.self {
		r.addPiece(p, pss.RegularContainer, "")
		back()
	}
	r.pieces(p, p.shape.fields, at, false)
	for _, list := range p.lists {
		p.hasSpec = p.hasSpec || len(list) > 0
	}
	return p.hasSpec
}

// base returns what all pods of the object share, which is read once.
func (r *reading) base(shape *shape) *podReading {
	if r.shared != nil {
		return r.shared
	}
	r.shared = &podReading{shape: shape}
	if r.extra {
		r.shared.extra = new(Extra)
	}
	segments, err := parsePath(shape.base)
	if err != nil { // the table's tests would have failed
		r.broken("%s: %v", shape.base, err)
		return r.shared
	}
	r.fromTop(segments, func(at string) { r.pieces(r.shared, shape.baseFields, at, true) })
	return r.shared
}

// size is how many volumes, sysctls and the like a pod has that are no container's.
func (p *podReading) size() int {
	n := len(p.pod.Volumes) + len(p.pod.Annotations) + len(p.pod.Sysctls)
	if p.extra != nil {
		n += len(p.extra.SupplementalGroups)
	}
	return n
}

// inherit takes what all pods of the object share. Whoever adds to it makes a copy.
func (p *podReading) inherit(base *podReading) {
	p.pod, p.runtimeClass, p.security = base.pod, base.runtimeClass, base.security
	p.pod.Volumes = slices.Clip(p.pod.Volumes)
	p.annotations, p.renames.shared = maps.Clone(base.annotations), base.renames.own
	if p.extra != nil {
		*p.extra = *base.extra
		p.extra.Volumes = slices.Clip(p.extra.Volumes)
	}
}

// pieces reads the fields of a map that mean something for the pod.
func (r *reading) pieces(p *podReading, fields map[string]shapeField, at string, absolute bool) {
	seen := map[string]bool{}
	for more := r.object(); more; more = r.nextMember() {
		key := string(r.key())
		field := fields[key]
		if field == 0 || r.null() {
			if field == 0 {
				r.skip()
			}
			continue
		}
		if seen[key] {
			r.duplicate()
		}
		seen[key] = true
		to := key
		if absolute {
			to = joinKey(at, key)
		}
		r.piece(p, field, rename{to: to, absolute: absolute}, at)
	}
}

// piece reads one such field, which stands at to.
func (r *reading) piece(p *podReading, field shapeField, to rename, at string) {
	switch field {
	case oneContainer:
		r.addPiece(p, pss.RegularContainer, to.to)
	case listContainers:
		r.addPieces(p, pss.RegularContainer, to.to)
	case setContainers:
		var seen uint32
		for more := r.object(); more; more = r.nextMember() {
			if key := r.key(); string(key) != "containers" {
				r.skip()
				continue
			}
			r.once(&seen, 0)
			r.addPieces(p, pss.RegularContainer, to.to+".containers")
		}
	case listInit:
		r.addPieces(p, pss.InitContainer, to.to)
	case listVolumes:
		first := len(p.pod.Volumes)
		r.volumes(p)
		for i := first; i < len(p.pod.Volumes); i++ {
			p.rename(joinIndex("spec.volumes", i), rename{to: joinIndex(to.to, i-first), absolute: to.absolute})
		}
	case podSettings:
		p.pod.SecurityContext, p.pod.Sysctls, p.security = pss.SecurityContext{}, nil, SecurityContextExtra{}
		if p.extra != nil {
			p.extra.FSGroup, p.extra.SupplementalGroups = pss.Opt[int64]{}, nil
		}
		r.podContext(p)
		p.rename("spec.securityContext", to)
	case hostNetwork:
		p.pod.HostNetwork = r.boolean()
		p.rename("spec.hostNetwork", to)
	case runtimeClass:
		p.runtimeClass = r.text()
	case podMetadata:
		var seen uint32
		for more := r.object(); more; more = r.nextMember() {
			if key := r.key(); string(key) != "annotations" {
				r.skip()
				continue
			}
			r.once(&seen, 0)
			r.addAnnotations(p, rename{to: to.to + ".annotations", absolute: to.absolute})
		}
	case podAnnotations:
		r.addAnnotations(p, to)
	case changesPod:
		r.skip()
		r.blindTo(at, to.to[strings.LastIndexByte(to.to, '.')+1:]+" changes it")
	case otherPod:
		r.skip()
		r.blindTo(at, to.to+" states it in a way that is not read")
	}
}

// rename records where a part of the pod is stated; the last one counts.
func (p *podReading) rename(from string, to rename) {
	if p.renames.own == nil {
		p.renames.own = map[string]rename{}
	}
	p.renames.own[from] = to
}

func (r *reading) addPieces(p *podReading, kind pss.ContainerKind, to string) {
	i := 0
	for more := r.list(); more; more = r.nextItem() {
		r.addPiece(p, kind, joinIndex(to, i))
		i++
	}
}

// addPiece reads a container that stands at to.
func (r *reading) addPiece(p *podReading, kind pss.ContainerKind, to string) {
	refers := r.peek() == '{' && r.hasMember("ref")
	r.addContainer(p, kind)
	list := p.lists[kind]
	c := &list[len(list)-1]
	if c.Name == "" {
		c.Name = p.shape.container
		if c.Index > 0 {
			c.Name += "-" + strconv.Itoa(c.Index)
		}
	}
	p.rename(joinIndex("spec."+kind.Field(), c.Index), rename{to: to})
	if refers {
		r.blindTo(joinPath(p.at, to), "it is a reference to another object")
	}
}

// addAnnotations reads annotations into those that are there already.
func (r *reading) addAnnotations(p *podReading, to rename) {
	added := r.annotations(p.extra, &p.annotations)
	if len(added) == 0 {
		return
	}
	all, before := slices.Clone(p.pod.Annotations), len(p.pod.Annotations)
	for _, a := range added {
		if i, found := findAnnotation(all[:before], a.Key); found {
			all[i] = a
		} else {
			all = append(all, a)
		}
		p.rename(joinKey("metadata.annotations", a.Key), rename{to: joinKey(to.to, a.Key), absolute: to.absolute})
	}
	sortAnnotations(all)
	p.pod.Annotations = all
}
