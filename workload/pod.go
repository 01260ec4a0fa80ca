package workload

import (
	"slices"
	"strings"

	"github.com/gabion-security/gabion/pss"
)

// podReading is a pod or pod template as it is being read.
type podReading struct {
	pod          pss.Pod
	runtimeClass string
	// lists are the containers by kind: the text may hold the lists in any
	// order.
	lists [pss.EphemeralContainer + 1][]pss.Container
	ports []statedPort
	// extra is nil unless it is wanted; extras go with lists.
	extra    *Extra
	extras   [pss.EphemeralContainer + 1][]ContainerExtra
	security SecurityContextExtra // the pod's own
	hasSpec  bool
	specAt   int // where the spec begins
	// shape is nil for what has the fields of a PodSpec; at is the path of the
	// map that has such a shape.
	shape   *shape
	at      string
	renames renames

	annotations map[string]string // those to be kept
}

// statedPort is a port of a container before defaulting.
type statedPort struct {
	kind                    pss.ContainerKind
	container, index        int
	hostPort, containerPort int32
}

var (
	templateKeys = []string{"metadata", "spec"}
	annotatedKey = []string{"annotations"}
	specKeys     = []string{
		"os", "hostUsers", "hostNetwork", "hostPID", "hostIPC", "securityContext", "volumes",
		"containers", "initContainers", "ephemeralContainers", "runtimeClassName",
	}
)

// template reads a PodTemplateSpec.
func (r *reading) template(p *podReading) {
	var seen uint32
	for more := r.object(); more; more = r.nextMember() {
		switch key := r.key(); string(key) {
		case "metadata":
			r.once(&seen, 0)
			r.templateMeta(p)
		case "spec":
			r.once(&seen, 1)
			r.spec(p)
		default:
			r.other(key, templateKeys)
		}
	}
}

// templateMeta reads a template's metadata.
func (r *reading) templateMeta(p *podReading) {
	var seen uint32
	for more := r.object(); more; more = r.nextMember() {
		switch key := r.key(); string(key) {
		case "annotations":
			r.once(&seen, 0)
			p.pod.Annotations = r.annotations(p.extra, &p.annotations)
		case "labels":
			if p.extra == nil {
				r.skip()
				break
			}
			r.once(&seen, 1)
			p.extra.Labels = r.stringMap()
		case "name", "generateName", "namespace", "creationTimestamp":
			r.skip()
		default:
			r.other(key, annotatedKey)
		}
	}
}

// annotations reads those annotations that a control reads, and sorts them; the
// one that only x has a place for goes there, and those to be kept go to kept.
func (r *reading) annotations(x *Extra, kept *map[string]string) (as []pss.Annotation) {
	start, sorted := r.pos, true
	var seen uint32
	for more := r.object(); more; more = r.nextMember() {
		key := r.key()
		if x != nil && string(key) == PodSecurityPolicyAnnotation {
			r.once(&seen, 0)
			x.PodSecurityPolicy = r.text()
			continue
		}
		if len(r.asked) > 0 && slices.Contains(r.asked, string(key)) {
			r.keepAnnotation(string(key), kept)
			continue
		}
		if !relevantAnnotation(key) {
			r.skip()
			continue
		}
		name := r.keep(key)
		sorted = sorted && (len(as) == 0 || as[len(as)-1].Key < name)
		as = append(as, pss.Annotation{Key: name, Value: r.text()})
	}
	if sorted || r.err != nil {
		return as
	}
	sortAnnotations(as)
	for i := range as[1:] {
		if as[i].Key == as[i+1].Key {
			r.pos, r.unique = start, new(uniqueKeys)
			r.skip() // which fails where the first of them comes again
			break
		}
	}
	return as
}

// keepAnnotation reads the value of an annotation that is to be kept.
func (r *reading) keepAnnotation(key string, kept *map[string]string) {
	if *kept == nil {
		*kept = map[string]string{}
	}
	(*kept)[key] = r.text()
}

func sortAnnotations(as []pss.Annotation) {
	slices.SortFunc(as, func(a, b pss.Annotation) int { return strings.Compare(a.Key, b.Key) })
}

// findAnnotation returns where an annotation is or belongs.
func findAnnotation(as []pss.Annotation, key string) (at int, found bool) {
	return slices.BinarySearchFunc(as, key, func(a pss.Annotation, key string) int { return strings.Compare(a.Key, key) })
}

func relevantAnnotation(key []byte) bool {
	return hasPrefix(key, pss.AppArmorAnnotationPrefix) || hasPrefix(key, pss.SeccompContainerAnnotationPrefix) ||
		string(key) == pss.SeccompPodAnnotation
}

func hasPrefix(text []byte, prefix string) bool {
	return len(text) >= len(prefix) && string(text[:len(prefix)]) == prefix
}

// spec reads a PodSpec.
func (r *reading) spec(p *podReading) {
	if r.null() {
		return
	}
	p.hasSpec, p.specAt = true, r.pos
	var seen uint32
	for more := r.object(); more; more = r.nextMember() {
		key := r.key()
		switch string(key) {
		case "containers":
			r.once(&seen, 0)
			r.containers(p, pss.RegularContainer)
		case "initContainers":
			r.once(&seen, 1)
			r.containers(p, pss.InitContainer)
		case "ephemeralContainers":
			r.once(&seen, 2)
			r.containers(p, pss.EphemeralContainer)
		case "volumes":
			r.once(&seen, 3)
			r.volumes(p)
		case "securityContext":
			r.once(&seen, 4)
			r.podContext(p)
		case "hostNetwork":
			r.once(&seen, 5)
			p.pod.HostNetwork = r.boolean()
		case "hostPID":
			r.once(&seen, 6)
			p.pod.HostPID = r.boolean()
		case "hostIPC":
			r.once(&seen, 7)
			p.pod.HostIPC = r.boolean()
		case "hostUsers":
			r.once(&seen, 8)
			p.pod.HostUsers = r.optBoolean()
		case "os":
			r.once(&seen, 9)
			p.pod.OS = r.name()
		case "runtimeClassName":
			r.once(&seen, 10)
			p.runtimeClass = r.text()
		default:
			r.specExtra(p, key, &seen)
		}
	}
}

// specExtra reads the fields of a PodSpec that are only in the extra view.
func (r *reading) specExtra(p *podReading, key []byte, seen *uint32) {
	if p.extra == nil {
		switch string(key) {
		case "restartPolicy", "terminationGracePeriodSeconds", "dnsPolicy", "serviceAccountName", "serviceAccount",
			"nodeName", "schedulerName", "tolerations", "priority", "enableServiceLinks", "preemptionPolicy", "nodeSelector",
			"affinity", "priorityClassName", "imagePullSecrets", "automountServiceAccountToken", "topologySpreadConstraints",
			"resources":
			r.skip()
		default:
			r.other(key, specKeys)
		}
		return
	}
	switch string(key) {
	case "serviceAccountName":
		r.once(seen, 11)
		if name := r.text(); name != "" {
			p.extra.ServiceAccount = name
		}
	case "serviceAccount":
		r.once(seen, 12)
		if name := r.text(); p.extra.ServiceAccount == "" {
			p.extra.ServiceAccount = name
		}
	case "automountServiceAccountToken":
		r.once(seen, 13)
		p.extra.AutomountServiceAccountToken = r.optBoolean()
	case "shareProcessNamespace":
		r.once(seen, 14)
		p.extra.ShareProcessNamespace = r.optBoolean()
	case "hostAliases":
		r.once(seen, 15)
		for more := r.list(); more; more = r.nextItem() {
			r.skip()
			p.extra.HostAliases++
		}
	case "resources":
		r.once(seen, 16)
		r.resources(&p.extra.CPULimit, &p.extra.MemoryLimit)
	default:
		r.other(key, specKeys)
	}
}

// containers reads one of the lists of containers.
func (r *reading) containers(p *podReading, kind pss.ContainerKind) {
	for more := r.list(); more; more = r.nextItem() {
		r.addContainer(p, kind)
	}
}

// addContainer reads a container and adds it to its list.
func (r *reading) addContainer(p *podReading, kind pss.ContainerKind) {
	list := p.lists[kind]
	if len(list) == cap(list) {
		// Most pods have one container of a kind, and few have many.
		list = slices.Grow(list, max(1, 2*len(list)))
	}
	list = append(list, pss.Container{Kind: kind, Index: len(list)})
	p.lists[kind] = list
	var x *ContainerExtra
	if p.extra != nil {
		p.extras[kind] = append(p.extras[kind], ContainerExtra{})
		x = &p.extras[kind][len(list)-1]
	}
	r.container(p, &list[len(list)-1], x)
}

// finish puts the pod together. isPod tells a Pod from a pod template, stored
// that the API server has already applied its defaulting.
func (p *podReading) finish(isPod, stored bool) {
	for _, port := range p.ports {
		c := &p.lists[port.kind][port.container]
		n := port.hostPort
		if isPod && !stored {
			n = DefaultHostPort(port.kind, p.pod.HostNetwork, n, port.containerPort)
		}
		if n != 0 {
			c.HostPorts = append(c.HostPorts, pss.HostPort{Index: port.index, Port: n})
		}
	}
	p.pod.Containers = join(p.lists[:])
	if p.extra != nil {
		p.extra.Containers = join(p.extras[:])
		p.extra.SecurityContext = p.security
	}
	if isPod && !stored {
		DefaultAppArmor(&p.pod, p.security.AppArmorLocalhost, p.extra)
	}
}

// join concatenates lists and copies none if only one has items.
func join[T any](lists [][]T) []T {
	var only []T
	for _, list := range lists {
		switch {
		case len(list) == 0:
		case only == nil:
			only = list
		default:
			return slices.Concat(lists...)
		}
	}
	return only
}
