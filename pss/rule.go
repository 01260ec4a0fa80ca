package pss

// Rules are written as push iterators: `ok || yield(Finding{…})` reads "fine, or
// report it and go on if asked to".

// eachContext visits what the pod and then its containers say in their security
// contexts; the pod's own comes with a nil container.
func eachContext(p *Pod, visit func(*Container, *SecurityContext) bool) bool {
	if !visit(nil, &p.SecurityContext) {
		return false
	}
	for i := range p.Containers {
		if !visit(&p.Containers[i], &p.Containers[i].SecurityContext) {
			return false
		}
	}
	return true
}

// eachContainer visits the containers of every kind.
func eachContainer(p *Pod, visit func(*Container) bool) bool {
	for i := range p.Containers {
		if !visit(&p.Containers[i]) {
			return false
		}
	}
	return true
}

// unlessWindows exempts pods that say they run on Windows, where the API
// server's validation forbids the fields that the rule asks for.
func unlessWindows(r rule) rule {
	return func(p *Pod, yield func(Finding) bool) bool {
		return p.OS == "windows" || r(p, yield)
	}
}

// unlessUserNamespace exempts pods that have a user namespace of their own,
// where root is nobody on the node (KEP-127).
func unlessUserNamespace(r rule) rule {
	return func(p *Pod, yield func(Finding) bool) bool {
		return p.HostUsers.Is(false) || r(p, yield)
	}
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
