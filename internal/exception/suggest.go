package exception

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/match"
)

// Failing is a pod with all that is found in it.
type Failing struct {
	// Name is the name of the pod or of what makes it, and By both kind and name
	// for people.
	Name, By string
	Pod
	Findings []Finding
}

// Suggestion is exceptions for pods.
type Suggestion struct {
	// Exceptions cover what is found in the pods, and as little else as exceptions
	// can say. They have names, but neither a reason nor an end.
	Exceptions []Suggested
	// Left is what no exception can cover.
	Left []Failing
}

// Suggested is an exception, and the pods that it is for.
type Suggested struct {
	v1alpha1.PodSecurityException

	For []string
}

// Suggest returns the narrowest exceptions for all that is found in pods. The
// names of the exceptions begin with prefix. An error says that they would not
// compile, or be too broad; controls are the IDs of those that profiles have.
func Suggest(pods []Failing, prefix string, controls []string) (Suggestion, error) {
	byNamespace := map[string][]Failing{}
	for _, p := range pods {
		if len(p.Findings) > 0 {
			byNamespace[p.Namespace] = append(byNamespace[p.Namespace], p)
		}
	}
	var s Suggestion
	names := map[string]bool{}
	for _, namespace := range slices.Sorted(maps.Keys(byNamespace)) {
		failing := byNamespace[namespace]
		units := unitsOf(failing)
		left, err := reduce(units, failing, controls)
		if err != nil {
			return Suggestion{}, err
		}
		s.Left = append(s.Left, left...)
		for _, u := range units {
			if len(u.controls) > 0 {
				slices.Sort(u.by)
				u.by = slices.Compact(u.by)
				s.Exceptions = append(s.Exceptions, Suggested{u.exception(unique(names, u.title(prefix))), u.by})
			}
		}
	}
	slices.SortFunc(s.Exceptions, func(a, b Suggested) int { return strings.Compare(a.Name, b.Name) })
	return s, nil
}

// What narrows a unit. Labels are each a dimension of their own.
const (
	byAccount = "serviceAccount"
	byRuntime = "runtimeClass"
	byName    = "container"
	byKind    = "kind"
	byImage   = "image"
	byLabel   = "label " // and its key
)

// unit is an exception that is being made: for the pods and containers that are,
// in each dimension, one of some. It covers exactly what the units did that it was
// made of, as long as they differed in one dimension only.
type unit struct {
	namespace, of string   // of is the name of the first pod
	by            []string // all pods
	dimensions    map[string][]string
	controls      map[string][]string // their values, notStated among them; nil for any, and none
}

// notStated stands among the values of a control for a missing one.
const notStated = ""

// unitsOf returns the units for what is found in the pods of a namespace.
func unitsOf(pods []Failing) []*unit {
	byKey := map[string]*unit{}
	var units []*unit
	for i := range pods {
		p := &pods[i]
		if !p.known() {
			continue
		}
		for j := range p.Findings {
			f := &p.Findings[j]
			u := newUnit(p, f)
			key := u.key("")
			if byKey[key] == nil {
				byKey[key] = u
				units = append(units, u)
			}
			byKey[key].add(f, &p.Pod)
			byKey[key].by = append(byKey[key].by, p.By)
		}
	}
	for _, dimension := range dimensionsOf(units) {
		units = merge(units, dimension)
	}
	return units
}

// newUnit returns a unit for the container or the pod that a finding is about.
func newUnit(p *Failing, f *Finding) *unit {
	u := &unit{
		namespace: p.Namespace, of: p.Name, controls: map[string][]string{},
		dimensions: map[string][]string{byAccount: {p.serviceAccount()}},
	}
	if p.RuntimeClass != "" {
		u.dimensions[byRuntime] = []string{p.RuntimeClass}
	}
	for key, value := range p.Extra.Labels {
		if lasting(key) && selectable(key, value) {
			u.dimensions[byLabel+key] = []string{value}
		}
	}
	c := f.Container
	if c == nil {
		return u
	}
	u.dimensions[byKind] = []string{c.Kind.String()}
	if c.Name != "" {
		u.dimensions[byName] = []string{c.Name}
	}
	if image := p.image(c); image != nil {
		text := image.Repository
		if image.Tag != "" {
			text += ":" + image.Tag
		}
		if image.Digest != "" {
			text += "@" + image.Digest
		}
		if pattern, err := match.ParsePattern(text); err == nil && pattern.Match(image) {
			u.dimensions[byImage] = []string{text}
		}
	}
	return u
}

// lasting reports whether a label stays as it is when a workload is rolled out
// anew or upgraded.
func lasting(key string) bool {
	switch key {
	case "pod-template-hash", "controller-revision-hash", "pod-template-generation", "controller-uid", "job-name",
		"batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", "batch.kubernetes.io/job-completion-index",
		"statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index",
		"app.kubernetes.io/version", "helm.sh/chart", "chart", "heritage":
		return false
	}
	return true
}

// selectable reports whether a selector can name a label.
func selectable(key, value string) bool {
	_, err := match.Selector("", &metav1.LabelSelector{MatchLabels: map[string]string{key: value}})
	return err == nil
}

// add adds a finding to what is excepted.
func (u *unit) add(f *Finding, p *Pod) {
	values, there := u.controls[f.Control]
	value, ok := f.name(p)
	if !f.Explicit {
		value, ok = notStated, true
	}
	switch {
	case there && values == nil || slices.Contains(values, value) && ok:
	case !ok:
		u.controls[f.Control] = nil
	default:
		u.controls[f.Control] = append(values, value)
	}
}

// key returns all that a unit says, but for a dimension of which it only says
// that it is there.
func (u *unit) key(without string) string {
	var b strings.Builder
	list := func(name string, values []string) {
		b.WriteString(name + "\x00")
		for _, v := range values {
			b.WriteString(v + "\x00")
		}
		b.WriteString("\x01")
	}
	list(u.namespace, nil)
	for _, name := range slices.Sorted(maps.Keys(u.dimensions)) {
		if name == without {
			list(name, nil)
		} else {
			list(name, slices.Sorted(slices.Values(u.dimensions[name])))
		}
	}
	if without == "" {
		return b.String() // the controls are still being collected
	}
	for _, id := range slices.Sorted(maps.Keys(u.controls)) {
		list(id, slices.Sorted(slices.Values(u.controls[id])))
	}
	return b.String()
}

// dimensionsOf returns all dimensions of units: containers first, so that what is
// equal in several of a pod becomes one.
func dimensionsOf(units []*unit) []string {
	all := map[string]bool{}
	for _, u := range units {
		for name := range u.dimensions {
			all[name] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// merge joins units that differ in one dimension only.
func merge(units []*unit, dimension string) []*unit {
	first := map[string]*unit{}
	var kept []*unit
	for _, u := range units {
		if u.dimensions[dimension] == nil {
			kept = append(kept, u)
			continue
		}
		key := u.key(dimension)
		to := first[key]
		if to == nil {
			first[key] = u
			kept = append(kept, u)
			continue
		}
		to.by = append(to.by, u.by...)
		for _, v := range u.dimensions[dimension] {
			if !slices.Contains(to.dimensions[dimension], v) {
				to.dimensions[dimension] = append(to.dimensions[dimension], v)
			}
		}
	}
	return kept
}

// title returns a name for the exception that says what it is for: the namespace,
// the workload if it is one, the container if it is one.
func (u *unit) title(prefix string) string {
	parts := []string{prefix, u.namespace}
	if len(u.by) == 1 {
		parts = append(parts, u.of)
	}
	if names := u.dimensions[byName]; len(names) == 1 {
		parts = append(parts, names[0])
	}
	if len(parts) == 2 {
		parts = append(parts, "pods")
	}
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	return nameOf(strings.Join(parts, "-"))
}

// exception makes the exception.
func (u *unit) exception(name string) v1alpha1.PodSecurityException {
	e := v1alpha1.PodSecurityException{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion().String(), Kind: v1alpha1.KindPodSecurityException},
		ObjectMeta: metav1.ObjectMeta{Name: name},
	}
	e.Spec.Namespaces.Names = []string{u.namespace}
	sorted := func(dimension string) []string { return slices.Sorted(slices.Values(u.dimensions[dimension])) }
	e.Spec.Pods = &v1alpha1.ExceptedPods{
		Selector: u.selector(), ServiceAccounts: sorted(byAccount), RuntimeClasses: sorted(byRuntime),
	}
	if kinds := sorted(byKind); kinds != nil {
		e.Spec.Containers = &v1alpha1.ExceptedContainers{Names: sorted(byName), Images: sorted(byImage)}
		for _, kind := range kinds {
			e.Spec.Containers.Kinds = append(e.Spec.Containers.Kinds, v1alpha1.ContainerKind(kind))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(u.controls)) {
		c := v1alpha1.ExceptedControl{ID: id, Values: slices.Sorted(slices.Values(u.controls[id]))}
		if c.Missing = slices.Contains(c.Values, notStated); c.Missing {
			c.Values = c.Values[1:] // it is the first
		}
		if len(c.Values) == 0 {
			c.Values = nil
		}
		e.Spec.Controls = append(e.Spec.Controls, c)
	}
	return e
}

// selector selects the labels, nil if there are none.
func (u *unit) selector() *metav1.LabelSelector {
	s := &metav1.LabelSelector{}
	for _, name := range slices.Sorted(maps.Keys(u.dimensions)) {
		key, ok := strings.CutPrefix(name, byLabel)
		values := u.dimensions[name]
		switch {
		case !ok:
		case len(values) > 1:
			s.MatchExpressions = append(s.MatchExpressions, metav1.LabelSelectorRequirement{
				Key: key, Operator: metav1.LabelSelectorOpIn, Values: slices.Sorted(slices.Values(values)),
			})
		default:
			if s.MatchLabels == nil {
				s.MatchLabels = map[string]string{}
			}
			s.MatchLabels[key] = values[0]
		}
	}
	if s.MatchLabels == nil && s.MatchExpressions == nil {
		return nil
	}
	return s
}

// nameOf makes a name of an object of a text.
func nameOf(text string) string {
	const longest = 200 // a number may follow
	name := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(text))
	return cmp.Or(strings.Trim(name[:min(len(name), longest)], "-"), "exception")
}
