package pss

// A rule is how a control finds its offenders.
type rule struct {
	// find calls yield for every offender in the pod, in the order in which
	// containers are visited, and returns false as soon as yield does. It returns
	// true if it came to its end. It is written as `ok || yield(place{…})`: fine,
	// or report it and go on if asked to. It allocates nothing.
	find func(p *Pod, yield func(place) bool) bool
	// finding says what is wrong at a place that find yielded. Container and
	// Explicit follow from the place, and are left out.
	finding func(p *Pod, at place) Finding
}

// at returns the finding at a place.
func (r *rule) at(p *Pod, at place) Finding {
	f := r.finding(p, at)
	f.Container, f.Explicit = at.in(p), !at.missing
	return f
}

// eachContext visits what the pod and then its containers say in their security
// contexts, with the containers' numbers; the pod's own comes with ofPod.
func eachContext(p *Pod, visit func(int, *SecurityContext) bool) bool {
	if !visit(ofPod, &p.SecurityContext) {
		return false
	}
	for i := range p.Containers {
		if !visit(i+1, &p.Containers[i].SecurityContext) {
			return false
		}
	}
	return true
}

// eachContainer visits the containers of every kind, with their numbers.
func eachContainer(p *Pod, visit func(int, *Container) bool) bool {
	for i := range p.Containers {
		if !visit(i+1, &p.Containers[i]) {
			return false
		}
	}
	return true
}

// unlessWindows exempts pods that say they run on Windows, where the API
// server's validation forbids the fields that the rule asks for.
func unlessWindows(r rule) rule {
	find := r.find
	r.find = func(p *Pod, yield func(place) bool) bool { return p.OS == "windows" || find(p, yield) }
	return r
}

// unlessUserNamespace exempts pods that have a user namespace of their own,
// where root is nobody on the node (KEP-127).
func unlessUserNamespace(r rule) rule {
	find := r.find
	r.find = func(p *Pod, yield func(place) bool) bool { return p.HostUsers.Is(false) || find(p, yield) }
	return r
}

// validProfile reports whether a seccomp or AppArmor profile type confines.
func validProfile(t string) bool { return t == "RuntimeDefault" || t == "Localhost" }

// containerFields returns a field's paths in the three kinds of containers.
func containerFields(field string) []string {
	return []string{
		"spec.initContainers[*]." + field, "spec.containers[*]." + field, "spec.ephemeralContainers[*]." + field,
	}
}

// contextFields returns a field's paths in the pod and in the three kinds of
// containers.
func contextFields(field string) []string {
	return append([]string{"spec." + field}, containerFields(field)...)
}
