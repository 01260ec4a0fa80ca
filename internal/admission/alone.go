package admission

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/json"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

const ephemeralContainers = "ephemeralcontainers"

// alone returns a pod that is made of the ephemeral containers which come to one, and
// of what they share with it: its own fields, and the volumes that they mount. So
// what stands beside them keeps nobody from looking into an old pod. If anything
// else comes or changes, it is the pod as a whole. Both were read with their Extra.
func alone(pod, old *workload.Template) *workload.Template {
	for _, kind := range []pss.ContainerKind{pss.RegularContainer, pss.InitContainer} {
		if !slices.Equal(images(pod, kind), images(old, kind)) {
			return pod
		}
	}
	apart, extra := *pod, *pod.Extra
	apart.Extra = &extra
	apart.Pod.Containers, extra.Containers = nil, nil
	apart.Pod.Volumes, extra.Volumes = nil, nil
	others := map[string]bool{}
	mounted := map[string]bool{}
	before := imagesBefore(old)
	for i := range pod.Pod.Containers {
		c, with := &pod.Pod.Containers[i], &pod.Extra.Containers[i]
		if c.Kind != pss.EphemeralContainer || before.had(containerImage{c.Name, with.Image}) && contains(&old.Pod, c) {
			others[c.Name] = true
			continue
		}
		apart.Pod.Containers = append(apart.Pod.Containers, *c)
		extra.Containers = append(extra.Containers, *with)
		for _, m := range with.VolumeMounts {
			mounted[m.Name] = true
		}
	}
	for i := range pod.Pod.Volumes {
		if mounted[pod.Pod.Volumes[i].Name] {
			apart.Pod.Volumes = append(apart.Pod.Volumes, pod.Pod.Volumes[i])
			extra.Volumes = append(extra.Volumes, pod.Extra.Volumes[i])
		}
	}
	apart.Pod.Annotations = slices.DeleteFunc(slices.Clone(pod.Pod.Annotations), func(a pss.Annotation) bool {
		_, container, _ := strings.Cut(a.Key, "/")
		return a.Key != pss.SeccompPodAnnotation && others[container]
	})
	return &apart
}

// contains reports whether a pod has the very container, at the place that the container
// says it has.
func contains(p *pss.Pod, c *pss.Container) bool {
	at, found := slices.BinarySearchFunc(p.Containers, c, func(other pss.Container, c *pss.Container) int {
		return cmp.Or(cmp.Compare(other.Kind, c.Kind), cmp.Compare(other.Index, c.Index))
	})
	return found && reflect.DeepEqual(&p.Containers[at], c)
}

// targets warns of new ephemeral containers that see the processes of a privileged
// container, by which they may come to be as mighty.
func (r *review) targets(pod, old *workload.Template) []string {
	var object struct {
		Spec struct {
			EphemeralContainers []struct {
				Name                string `json:"name"`
				Image               string `json:"image"`
				TargetContainerName string `json:"targetContainerName"`
			} `json:"ephemeralContainers"`
		} `json:"spec"`
	}
	if err := json.UnmarshalCaseSensitivePreserveInts(r.req.Object, &object); err != nil {
		return nil // never: it was read before
	}
	privileged := map[string]bool{}
	for i := range pod.Pod.Containers {
		if c := &pod.Pod.Containers[i]; c.Privileged.Is(true) {
			privileged[c.Name] = true
		}
	}
	before := imagesBefore(old)
	var warnings []string
	for _, e := range object.Spec.EphemeralContainers {
		if e.TargetContainerName == "" || !privileged[e.TargetContainerName] || before.had(containerImage{e.Name, e.Image}) {
			continue
		}
		if len(warnings) == maxFindings {
			break
		}
		warnings = append(warnings, "ephemeral container "+quote(e.Name)+" sees the processes of container "+
			quote(e.TargetContainerName)+", which is privileged")
	}
	return warnings
}
