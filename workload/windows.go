package workload

import (
	"fmt"

	"github.com/gabion-security/gabion/pss"
)

// Invalid returns what the API server's validation refuses in a Windows pod
// (spec.os.name), in its order and words: settings that mean something on Linux
// only, and HostProcess containers that do not fit together. Pod Security
// admission relies on that validation. It is empty for every other pod.
func (t *Template) Invalid() []Invalid { return t.invalid }

// ReadInvalid reads what Invalid returns from the JSON of the pod's spec, for
// templates that do not come from text. Only Windows pods need it.
func (t *Template) ReadInvalid(podSpec []byte) error {
	r := reading{scanner: scanner{data: podSpec}}
	t.invalid = nil
	if t.Pod.OS != "windows" {
		return nil
	}
	invalid := r.windowsInvalid(&t.Pod)
	r.end()
	if r.err != nil {
		return fmt.Errorf("pod spec: %w", r.err)
	}
	t.invalid = invalid
	return nil
}

// statedFields are the fields that an object states, those that are null
// excepted.
type statedFields map[string]bool

// windowsFields are what counts of a PodSpec on Windows.
type windowsFields struct {
	spec, context statedFields
	containers    [pss.EphemeralContainer + 1][]statedFields
}

// windowsInvalid reads the PodSpec at the scanner's place.
func (r *reading) windowsInvalid(pod *pss.Pod) []Invalid {
	var f windowsFields
	f.spec = r.stated(func(key string) bool {
		switch key {
		case "securityContext":
			f.context = r.stated(nil)
		case "initContainers":
			f.containers[pss.InitContainer] = r.statedContexts()
		case "containers":
			f.containers[pss.RegularContainer] = r.statedContexts()
		case "ephemeralContainers":
			f.containers[pss.EphemeralContainer] = r.statedContexts()
		default:
			return false
		}
		return true
	})
	if r.err != nil {
		return nil
	}
	var invalid []Invalid
	if f.spec["resources"] {
		invalid = append(invalid, Invalid{"spec.resources", "Forbidden: may not be set for a windows pod"})
	}
	invalid = append(invalid, hostProcessInvalid(pod)...)
	return append(invalid, f.linuxOnly(pod)...)
}

// stated reads an object for the fields that it states; read may read a value
// itself.
func (r *reading) stated(read func(key string) bool) statedFields {
	fields := statedFields{}
	for more := r.object(); more; more = r.nextMember() {
		key := string(r.key())
		if r.null() {
			continue
		}
		fields[key] = true
		if read == nil || !read(key) {
			r.skip()
		}
	}
	return fields
}

// statedContexts reads containers for what their securityContexts state.
func (r *reading) statedContexts() (contexts []statedFields) {
	for more := r.list(); more; more = r.nextItem() {
		var context statedFields
		r.stated(func(key string) bool {
			if key != "securityContext" {
				return false
			}
			context = r.stated(nil)
			return true
		})
		contexts = append(contexts, context)
	}
	return contexts
}

// linuxOnly are the settings of Linux.
func (f *windowsFields) linuxOnly(pod *pss.Pod) (invalid []Invalid) {
	const message = "Forbidden: cannot be set for a windows pod"
	forbid := func(path string, stated bool) {
		if stated {
			invalid = append(invalid, Invalid{path, message})
		}
	}
	for _, field := range [...]string{
		"appArmorProfile", "seLinuxOptions", "seccompProfile", "fsGroup", "fsGroupChangePolicy", "sysctls", "runAsUser",
		"runAsGroup", "supplementalGroups", "supplementalGroupsPolicy", "seLinuxChangePolicy",
	} {
		forbid("spec.securityContext."+field, f.context[field] && (field != "sysctls" || len(pod.Sysctls) > 0))
	}
	forbid("spec.hostUsers", f.spec["hostUsers"])
	forbid("spec.hostPID", pod.HostPID)
	forbid("spec.hostIPC", pod.HostIPC)
	forbid("spec.shareProcessNamespace", f.spec["shareProcessNamespace"])
	for kind, contexts := range f.containers {
		for i, context := range contexts {
			path := joinIndex("spec."+pss.ContainerKind(kind).Field(), i) + ".securityContext."
			for _, field := range [...]string{
				"appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem", "privileged",
				"allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup",
			} {
				forbid(path+field, context[field])
			}
		}
	}
	return invalid
}

// hostProcessInvalid are HostProcess containers that do not fit together: all
// or none of a pod's containers may be, and they need the host's network.
func hostProcessInvalid(pod *pss.Pod) (invalid []Invalid) {
	whole := pod.SecurityContext.HostProcess
	count := 0
	for i := range pod.Containers {
		c := &pod.Containers[i]
		own := c.SecurityContext.HostProcess
		if whole.Set && own.Set && whole.Value != own.Value {
			invalid = append(invalid, Invalid{
				joinIndex("spec."+c.Kind.Field(), c.Index) + ".securityContext.windowsOptions.hostProcess",
				fmt.Sprintf("Invalid value: %v: pod hostProcess value must be identical if both are specified, was %v", own.Value, whole.Value),
			})
		}
		if own.Is(true) || !own.Set && whole.Is(true) {
			count++
		}
	}
	if count > 0 && count != len(pod.Containers) {
		invalid = append(invalid, Invalid{
			"spec", `Invalid value: "": If pod contains any hostProcess containers then all containers must be HostProcess containers`,
		})
	}
	if count > 0 && !pod.HostNetwork {
		invalid = append(invalid, Invalid{
			"spec.hostNetwork", "Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers",
		})
	}
	return invalid
}
