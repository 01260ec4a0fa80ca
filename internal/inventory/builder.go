package inventory

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// Builder makes an [Inventory] of objects that come in any order. The zero
// Builder is not usable; see [NewBuilder]. It is for one goroutine.
type Builder struct {
	// Inventory is what is known so far, but for the namespaces. Whoever builds
	// adds to it directly what is not in an Item.
	Inventory

	// Extra keeps what only profiles and PodSecurityPolicy look at of objects that
	// come with it, and Labels those of pods and templates too, which hardly two
	// pods of different workloads share.
	Extra, Labels bool

	defaultNamespace string
	views            *views
	spaces           map[string]*space
}

// space is a namespace that is being filled.
type space struct {
	Namespace
	workloads []made
}

// made is a workload with the one that controls it.
type made struct {
	key, controller objectKey
	workload        *Workload
}

// NewBuilder returns a builder. Objects that do not name their namespace are
// taken to be in the given one.
func NewBuilder(defaultNamespace string) *Builder {
	return &Builder{defaultNamespace: defaultNamespace, views: newViews(), spaces: map[string]*space{}}
}

// Add takes an object as a [workload.Reader] read it. The Item is not kept.
func (b *Builder) Add(item *workload.Item) {
	if len(b.Documents) > 0 { // which may look at that, too
		b.Extra, b.Labels = true, true
	}
	b.Note(item)
	if item.Outcome == workload.Broken {
		return
	}
	if item.Object.Kind == "Namespace" && item.Object.APIVersion == "v1" {
		b.namespace(item)
		return
	}
	if item.Object.Namespace != "" {
		b.space(item.Object.Namespace)
	}
	if item.Outcome == workload.Read {
		b.pods(item)
	}
}

// Note takes what is wrong with an object that could not be read, or not all of
// it.
func (i *Inventory) Note(item *workload.Item) {
	problem := Problem{Source: item.Source, Object: item.Object, Paths: slices.Clone(item.Unchecked), Reason: item.Reason}
	switch {
	case item.Outcome == workload.Broken:
		problem.Paths, problem.Reason = nil, "it could not be read"
		if item.Err != nil {
			problem.Reason = item.Err.Error()
		}
		i.Errors = append(i.Errors, problem)
	case item.Outcome == workload.NotChecked || len(item.Unchecked) > 0:
		problem.Reason = cmp.Or(problem.Reason, "it holds what looks like a pod template")
		i.NotChecked = append(i.NotChecked, problem)
	}
}

// namespace takes the labels of a Namespace.
func (b *Builder) namespace(item *workload.Item) {
	if item.Object.Name == "" {
		return // one that the API server is to name: nothing can be in it yet
	}
	s := b.space(item.Object.Name)
	if s.Stated && !samePolicy(s.Labels, item.Labels) {
		b.Errors = append(b.Errors, Problem{
			Source: item.Source, Object: item.Object,
			Reason: fmt.Sprintf("namespace %q is in the input with other Pod Security labels too; those that came first count", item.Object.Name),
		})
		return
	}
	if !s.Stated {
		s.Stated, s.Labels = true, maps.Clone(item.Labels)
	}
}

// samePolicy reports whether two namespaces have the same labels as far as Pod
// Security admission reads them.
func samePolicy(a, b map[string]string) bool {
	for _, key := range []string{
		pss.EnforceLabel, pss.EnforceVersionLabel, pss.AuditLabel, pss.AuditVersionLabel, pss.WarnLabel, pss.WarnVersionLabel,
	} {
		x, inA := a[key]
		y, inB := b[key]
		if inA != inB || x != y {
			return false
		}
	}
	return true
}

// pods takes an object with pods: a Pod exists, others make pods.
func (b *Builder) pods(item *workload.Item) {
	namespace := cmp.Or(item.Object.Namespace, b.defaultNamespace)
	if item.Object.Kind == "Pod" && item.Object.APIVersion == "v1" {
		b.Pod(namespace, item.Object.Name, b.view(&item.Templates[0]), item.Controller)
		return
	}
	w := &Workload{APIVersion: item.Object.APIVersion, Kind: item.Object.Kind, Name: item.Object.Name}
	for i := range item.Templates {
		t := &item.Templates[i]
		w.Templates = append(w.Templates, Template{Path: strings.Clone(t.Path), Partial: t.Partial, View: b.view(t)})
	}
	s := b.space(namespace)
	s.workloads = append(s.workloads, made{
		key: keyOf(w.APIVersion, w.Kind, w.Name), controller: controllerKey(item.Controller), workload: w,
	})
}

// Pod takes a pod that exists, with a view that [Builder.Share] returned.
func (b *Builder) Pod(namespace, name string, v *View, controller workload.Owner) {
	s := b.space(namespace)
	s.Pods = append(s.Pods, Pod{Name: name, View: v, Controller: controller})
}

// Share returns the view that is equal to v and was shared before, else v
// itself, which must not change any more.
func (b *Builder) Share(v *View) *View { return b.views.share(v) }

func (b *Builder) view(t *workload.Template) *View {
	return b.Share(NewView(t, b.Extra, b.Labels))
}

// NewView returns the view of a template, with its Extra and labels or without.
func NewView(t *workload.Template, extra, labels bool) *View {
	v := &View{Pod: t.Pod, RuntimeClass: t.RuntimeClass}
	if extra && t.Extra != nil {
		kept := *t.Extra
		if !labels {
			kept.Labels = nil
		}
		v.Extra = &kept
	}
	return v
}

func (b *Builder) space(name string) *space {
	if b.spaces[name] == nil {
		b.spaces[name] = &space{Namespace: Namespace{Name: name}}
	}
	return b.spaces[name]
}

// Build returns the inventory. The builder is of no use afterwards.
func (b *Builder) Build() *Inventory {
	for _, name := range slices.Sorted(maps.Keys(b.spaces)) {
		s := b.spaces[name]
		s.finish()
		b.Namespaces = append(b.Namespaces, s.Namespace)
	}
	b.spaces = nil
	b.sort()
	return &b.Inventory
}

// finish puts the workloads in order and finds who made the pods.
func (s *space) finish() {
	top := topmost(s.workloads)
	for _, w := range top {
		s.Workloads = append(s.Workloads, w.workload)
	}
	slices.SortStableFunc(s.Workloads, func(a, b *Workload) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.APIVersion, b.APIVersion))
	})
	slices.SortStableFunc(s.Pods, func(a, b Pod) int { return cmp.Compare(a.Name, b.Name) })
	made := makers(s.workloads, top)
	for i := range s.Pods {
		if w := made(controllerKey(s.Pods[i].Controller)); w != nil {
			s.Pods[i].Workload = w
			w.Pods++
		}
	}
}

// sort puts everything else in order.
func (b *Builder) sort() {
	byName := func(x, y Resource) int {
		return cmp.Or(strings.Compare(x.Group, y.Group), strings.Compare(x.Name, y.Name))
	}
	slices.SortFunc(b.PodResources, byName)
	slices.SortFunc(b.Opaque, byName)
	slices.SortStableFunc(b.TemplatePaths, func(x, y workload.TemplatePath) int {
		return cmp.Or(cmp.Compare(x.Group, y.Group), cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Path, y.Path))
	})
	slices.SortStableFunc(b.Missing, func(x, y Missing) int {
		return cmp.Or(cmp.Compare(x.Resource, y.Resource), cmp.Compare(x.Namespace, y.Namespace))
	})
	a := &b.Access
	slices.SortStableFunc(b.Documents, Document.Compare)
	sortBy(a.ClusterRoles, func(r *rbacv1.ClusterRole) (string, string) { return "", r.Name })
	sortBy(a.ClusterRoleBindings, func(r *rbacv1.ClusterRoleBinding) (string, string) { return "", r.Name })
	sortBy(a.Roles, func(r *rbacv1.Role) (string, string) { return r.Namespace, r.Name })
	sortBy(a.RoleBindings, func(r *rbacv1.RoleBinding) (string, string) { return r.Namespace, r.Name })
	sortBy(a.ServiceAccounts, func(s *ServiceAccount) (string, string) { return s.Namespace, s.Name })
}

// sortBy sorts by namespace and name.
func sortBy[T any](list []T, of func(*T) (namespace, name string)) {
	slices.SortStableFunc(list, func(a, b T) int {
		namespaceA, nameA := of(&a)
		namespaceB, nameB := of(&b)
		return cmp.Or(cmp.Compare(namespaceA, namespaceB), cmp.Compare(nameA, nameB))
	})
}
