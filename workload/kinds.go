package workload

import (
	"fmt"
	"strings"
)

// kinds are the kinds that bear pods, by group and kind.
type kinds struct {
	table map[groupKind]*podKind
}

type groupKind struct{ group, kind string }

// podKind is a kind that bears pods.
type podKind struct {
	groupKind
	// builtin marks the kinds of Kubernetes itself: their template must be
	// there, and their versions are known.
	builtin  bool
	versions []string
	// pod marks the Pod, which has no template.
	pod   bool
	paths []kindPath
	// elsewhere leads to what says that the pods are stated in another object.
	elsewhere [][]segment
	unread    []unreadPath
}

// unreadPath leads to what states pods, or changes them, and is not read.
type unreadPath struct {
	path     string
	segments []segment
	why      string
	// container narrows it to maps that are like containers, but for templates
	// that were read.
	container bool
}

// kindPath leads to pod templates.
type kindPath struct {
	text     string
	segments []segment
	partial  bool
	shape    *shape // nil for a PodTemplateSpec or a PodSpec
}

// describe lists the paths, for messages.
func (k *podKind) describe() string {
	texts := make([]string, len(k.paths))
	for i, p := range k.paths {
		texts[i] = p.text
	}
	return strings.Join(texts, ", ")
}

// find returns a kind that bears pods, nil if it is not known to.
func (k *kinds) find(group, kind string) *podKind {
	return k.table[groupKind{group, kind}]
}

// builtinKind is one row of the table of Kubernetes' own kinds.
type builtinKind struct {
	group, kind, path string
	versions          []string
}

// builtinKinds are Kubernetes' own kinds that bear pods, with every version
// that ever served them; the template has always been at the same place.
func builtinKinds() []builtinKind {
	return []builtinKind{
		{"", "Pod", "", []string{"v1"}},
		{"", "PodTemplate", "template", []string{"v1"}},
		{"", "ReplicationController", "spec.template", []string{"v1"}},
		{"apps", "ReplicaSet", "spec.template", []string{"v1", "v1beta2"}},
		{"apps", "Deployment", "spec.template", []string{"v1", "v1beta2", "v1beta1"}},
		{"apps", "StatefulSet", "spec.template", []string{"v1", "v1beta2", "v1beta1"}},
		{"apps", "DaemonSet", "spec.template", []string{"v1", "v1beta2"}},
		{"extensions", "ReplicaSet", "spec.template", []string{"v1beta1"}},
		{"extensions", "Deployment", "spec.template", []string{"v1beta1"}},
		{"extensions", "DaemonSet", "spec.template", []string{"v1beta1"}},
		{"extensions", "Job", "spec.template", []string{"v1beta1"}},
		{"batch", "Job", "spec.template", []string{"v1"}},
		{"batch", "CronJob", "spec.jobTemplate.spec.template", []string{"v1", "v1beta1", "v2alpha1"}},
	}
}

// newKinds returns the table of kinds with a user's own, which win over those
// of the same group and kind, Kubernetes' own kinds excepted.
func newKinds(user []TemplatePath) (*kinds, error) {
	k := &kinds{table: map[groupKind]*podKind{}}
	for _, row := range builtinKinds() {
		b := &podKind{
			groupKind: groupKind{row.group, row.kind}, builtin: true, versions: row.versions, pod: row.path == "",
		}
		if !b.pod {
			if err := b.add(row.path, false, nil); err != nil {
				return nil, err
			}
		}
		k.table[b.groupKind] = b
	}
	for _, row := range customKinds() {
		if err := k.addCustom(row); err != nil {
			return nil, err
		}
	}
	own := map[groupKind]*podKind{}
	for _, path := range user {
		if err := path.check(); err != nil {
			return nil, fmt.Errorf("pod template path of %s: %w", path.name(), err)
		}
		id := groupKind{path.Group, path.Kind}
		if known := k.table[id]; known != nil && known.builtin {
			return nil, fmt.Errorf("pod template path of %s: Kubernetes' own kinds cannot be redefined", path.name())
		}
		if own[id] == nil {
			own[id] = &podKind{groupKind: id}
		}
		if err := own[id].add(path.Path, path.Partial, nil); err != nil {
			return nil, err
		}
	}
	for id, kind := range own {
		k.table[id] = kind
	}
	return k, nil
}

// name returns the kind as the command line states it.
func (t TemplatePath) name() string {
	if t.Group == "" {
		return t.Kind
	}
	return t.Group + "/" + t.Kind
}

func (k *kinds) addCustom(row customKind) error {
	c := &podKind{groupKind: groupKind{row.group, row.kind}}
	for _, path := range row.paths {
		if err := c.add(path, row.partial, row.shape); err != nil {
			return err
		}
	}
	for _, path := range row.elsewhere {
		segments, err := parsePath(path)
		if err != nil {
			return err
		}
		c.elsewhere = append(c.elsewhere, segments)
	}
	for _, path := range row.unread {
		segments, err := parsePath(path.path)
		if err != nil {
			return err
		}
		path.segments = segments
		c.unread = append(c.unread, path)
	}
	k.table[c.groupKind] = c
	return nil
}

func (k *podKind) add(path string, partial bool, s *shape) error {
	segments, err := parsePath(path)
	if err != nil {
		return fmt.Errorf("kind %s: %w", k.kind, err)
	}
	k.paths = append(k.paths, kindPath{strings.TrimPrefix(path, "."), segments, partial, s})
	return nil
}
