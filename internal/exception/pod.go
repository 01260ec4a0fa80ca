package exception

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/match"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// Pod is a pod, or the one that a workload will make, where it is.
type Pod struct {
	// Namespace is the name of the pod's namespace.
	Namespace string
	// NamespaceLabels are that namespace's labels, nil where they are not known:
	// no selector matches then.
	NamespaceLabels map[string]string
	// Pod is what is judged.
	Pod *pss.Pod
	// Extra goes with it. Without it, nothing matches.
	Extra *workload.Extra
	// RuntimeClass is spec.runtimeClassName.
	RuntimeClass string

	images map[*pss.Container]*match.Image // nil until one is asked for
}

// known reports whether all is known of the pod that an exception may ask for.
func (p *Pod) known() bool {
	return p.Pod != nil && p.Extra != nil && len(p.Extra.Containers) == len(p.Pod.Containers) && len(p.Extra.Volumes) == len(p.Pod.Volumes)
}

// serviceAccount is the one that the pod runs as.
func (p *Pod) serviceAccount() string { return cmp.Or(p.Extra.ServiceAccount, "default") }

// pods are the pods that are excepted.
type pods struct {
	selector                        labels.Selector // nil if any labels are meant
	serviceAccounts, runtimeClasses []string        // nil if any are meant
}

func newPods(p *v1alpha1.ExceptedPods) (*pods, error) {
	if p == nil {
		return nil, nil //nolint:nilnil // all pods
	}
	if p.Selector == nil && p.ServiceAccounts == nil && p.RuntimeClasses == nil {
		return nil, errors.New("spec.pods is empty and would mean every pod: write something into it, or remove it")
	}
	if err := match.Names("spec.pods.serviceAccounts", p.ServiceAccounts); err != nil {
		return nil, err
	}
	if err := match.Names("spec.pods.runtimeClasses", p.RuntimeClasses); err != nil {
		return nil, err
	}
	selector, err := match.Selector("spec.pods.selector", p.Selector)
	return &pods{selector: selector, serviceAccounts: p.ServiceAccounts, runtimeClasses: p.RuntimeClasses}, err
}

func (s *pods) match(p *Pod) bool {
	return (s.selector == nil || s.selector.Matches(labels.Set(p.Extra.Labels))) &&
		(s.serviceAccounts == nil || slices.Contains(s.serviceAccounts, p.serviceAccount())) &&
		(s.runtimeClasses == nil || slices.Contains(s.runtimeClasses, p.RuntimeClass))
}

// containers are the containers that are excepted.
type containers struct {
	names  []string            // nil if any are meant
	kinds  []pss.ContainerKind // nil if any are meant
	images []match.Pattern     // nil if any are meant
	texts  []string            // the images as they are written
}

func newContainers(c *v1alpha1.ExceptedContainers) (*containers, error) {
	if c == nil {
		return nil, nil //nolint:nilnil // the pod and all its containers
	}
	if c.Names == nil && c.Kinds == nil && c.Images == nil {
		return nil, errors.New("spec.containers is empty and would mean every container: write something into it, or remove it")
	}
	if err := match.Names("spec.containers.names", c.Names); err != nil {
		return nil, err
	}
	if err := match.Names("spec.containers.images", c.Images); err != nil {
		return nil, err
	}
	to := &containers{names: c.Names, texts: c.Images}
	for i, text := range c.Images {
		pattern, err := match.ParsePattern(text)
		if err != nil {
			return nil, fmt.Errorf("spec.containers.images[%d]: %w", i, err)
		}
		to.images = append(to.images, pattern)
	}
	kinds := make([]string, len(c.Kinds))
	for i, text := range c.Kinds {
		kinds[i] = string(text)
		kind, ok := containerKind(text)
		if !ok {
			return nil, fmt.Errorf("spec.containers.kinds[%d]: %q is no kind: use initContainer, container or ephemeralContainer", i, text)
		}
		to.kinds = append(to.kinds, kind)
	}
	if c.Kinds == nil {
		kinds = nil
	}
	return to, match.Names("spec.containers.kinds", kinds)
}

func containerKind(text v1alpha1.ContainerKind) (pss.ContainerKind, bool) {
	for _, kind := range []pss.ContainerKind{pss.InitContainer, pss.RegularContainer, pss.EphemeralContainer} {
		if kind.String() == string(text) {
			return kind, true
		}
	}
	return 0, false
}

// match reports whether a container of the pod is excepted.
func (s *containers) match(p *Pod, c *pss.Container) bool {
	if s.names != nil && !slices.Contains(s.names, c.Name) || s.kinds != nil && !slices.Contains(s.kinds, c.Kind) {
		return false
	}
	if s.images == nil {
		return true
	}
	image := p.image(c)
	return image != nil && slices.ContainsFunc(s.images, func(pattern match.Pattern) bool { return pattern.Match(image) })
}

// image returns the image of a container, nil if it has none or is of another pod.
// Every image is read once: there may be many of them, long ones, and much that is
// found in their containers.
func (p *Pod) image(c *pss.Container) *match.Image {
	if p.images == nil {
		p.images = make(map[*pss.Container]*match.Image, len(p.Pod.Containers))
		for i := range p.Pod.Containers {
			if name := p.Extra.Containers[i].Image; name != "" {
				image := match.ParseImage(name)
				p.images[&p.Pod.Containers[i]] = &image
			}
		}
	}
	return p.images[c]
}
