package cli

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/json"

	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/internal/rbac"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/workload"
)

// backup is what a cluster with PodSecurityPolicy had, read from manifests.
type backup struct {
	input      *input
	policies   []*psp.Policy
	places     map[string]report.Source // of the policies, by name
	roles      rbac.Objects
	accounts   map[[2]string]*corev1.ServiceAccount // by namespace and name
	pods       []workload.Item
	notChecked []report.NotChecked
	errors     []report.Error
}

func newBackup(in *input) *backup {
	return &backup{
		input: in, places: map[string]report.Source{}, accounts: map[[2]string]*corev1.ServiceAccount{},
		notChecked: []report.NotChecked{}, errors: []report.Error{},
	}
}

// note says something to the person at the terminal.
func (b *backup) note(text string) { b.input.console.line("note: " + report.EscapeSentence(text)) }

// read reads the whole input.
func (b *backup) read() {
	for item := range b.input.items() {
		b.take(&item)
	}
}

func (b *backup) take(item *workload.Item) {
	o := item.Object
	var err error
	switch group, _, _ := strings.Cut(o.APIVersion, "/"); {
	case item.Outcome == workload.Broken:
		err = item.Err
		if err == nil {
			err = errIncomplete // an outcome from a newer reader
		}
	case psp.IsPolicy(o.APIVersion, o.Kind):
		err = b.policy(item)
	case o.Kind == psp.Kind && (group == "policy" || group == "extensions"):
		err = fmt.Errorf("%s has no PodSecurityPolicy: it was in policy/v1beta1 and extensions/v1beta1", o.APIVersion)
	case group == "rbac.authorization.k8s.io":
		err = b.role(item)
	case o.APIVersion == "v1" && o.Kind == "ServiceAccount":
		account := new(corev1.ServiceAccount)
		if err = json.UnmarshalCaseSensitivePreserveInts(item.JSON, account); err == nil {
			b.accounts[[2]string{b.input.namespaceOf(item), o.Name}] = account
		}
	case item.Outcome == workload.NotChecked, len(item.Unchecked) > 0:
		n := b.input.notChecked(item)
		b.input.console.line(notCheckedLine(n))
		b.notChecked = append(b.notChecked, n)
	}
	if err != nil {
		b.fail(sourceOf(item, ""), err)
		return
	}
	if item.Outcome == workload.Read {
		kept := *item
		kept.JSON = nil
		b.pods = append(b.pods, kept)
	}
}

// fail reports what could not be read or simulated, one line each.
func (b *backup) fail(at report.Source, err error) {
	for _, line := range strings.Split(err.Error(), "\n") {
		e := report.Error{Source: at, Message: line}
		b.errors = append(b.errors, e)
		b.input.console.line(e.String())
	}
}

// policy takes a PodSecurityPolicy. One that the API server would have refused
// is an error, and left out.
func (b *backup) policy(item *workload.Item) error {
	at := sourceOf(item, "")
	p, unknown, err := psp.Parse(item.JSON)
	for _, u := range unknown {
		line := fmt.Sprintf("%s: PodSecurityPolicy %s: %s is no field of it and means nothing", report.Place(at.File, at.Line), item.Object.Name, u.Path)
		if close := closest(u.Path[strings.LastIndexByte(u.Path, '.')+1:], u.Known); close != "" {
			line += "; did you mean " + close + "?"
		}
		b.input.console.line("warning: " + report.EscapeSentence(line))
	}
	if err != nil {
		return prefixed("PodSecurityPolicy "+item.Object.Name+": ", err)
	}
	if first, ok := b.places[p.Name]; ok {
		return fmt.Errorf("PodSecurityPolicy %s comes again; the one at %s counts", p.Name, report.Place(first.File, first.Line))
	}
	b.places[p.Name] = at
	b.policies = append(b.policies, p)
	return nil
}

// prefixed puts a text before each of the errors that are joined in one.
func prefixed(text string, err error) error {
	return fmt.Errorf("%s", text+strings.ReplaceAll(err.Error(), "\n", "\n"+text))
}

// role takes a role or a binding.
func (b *backup) role(item *workload.Item) error {
	namespace := b.input.namespaceOf(item)
	switch item.Object.Kind {
	case "ClusterRole":
		return decodeInto(&b.roles.ClusterRoles, item, func(r *rbacv1.ClusterRole) { r.Namespace = "" })
	case "ClusterRoleBinding":
		return decodeInto(&b.roles.ClusterRoleBindings, item, func(r *rbacv1.ClusterRoleBinding) { r.Namespace = "" })
	case "Role":
		return decodeInto(&b.roles.Roles, item, func(r *rbacv1.Role) { r.Namespace = namespace })
	case "RoleBinding":
		return decodeInto(&b.roles.RoleBindings, item, func(r *rbacv1.RoleBinding) { r.Namespace = namespace })
	}
	return nil
}

// decodeInto appends an object to a list.
func decodeInto[T any](list *[]T, item *workload.Item, adjust func(*T)) error {
	var object T
	if err := json.UnmarshalCaseSensitivePreserveInts(item.JSON, &object); err != nil {
		return fmt.Errorf("it is no %s: %w", item.Object.Kind, err)
	}
	adjust(&object)
	*list = append(*list, object)
	return nil
}

// simulation puts the pods of a backup before its policies.
type simulation struct {
	backup    *backup
	simulator *psp.Simulator
	user      *rbac.User
	document  report.Simulation
}

// run simulates everything.
func (s *simulation) run() *report.Simulation {
	s.document = report.Simulation{
		APIVersion: report.APIVersion, Kind: "PodSecurityPolicySimulation", Results: []report.SimulationResult{}, Notes: []string{
			"PodSecurityPolicy looked at pods being created or updated, never at their subresources: ephemeral containers that were added to a running pod passed it",
		},
	}
	s.document.Summary.Policies = len(s.backup.policies)
	for i := range s.backup.pods {
		item := &s.backup.pods[i]
		for j := range item.Templates {
			if err := s.pod(item, &item.Templates[j]); err != nil {
				s.backup.fail(sourceOf(item, item.Templates[j].Path), err)
			}
		}
	}
	s.document.NotChecked, s.document.Errors = s.backup.notChecked, s.backup.errors
	return &s.document
}

// pod simulates one pod.
func (s *simulation) pod(item *workload.Item, t *workload.Template) error {
	if t.JSON == nil {
		return fmt.Errorf("the pods of a %s are put together by its controller: they cannot be simulated before they exist", item.Object.Kind)
	}
	pod := new(corev1.Pod)
	if err := json.UnmarshalCaseSensitivePreserveInts(t.JSON, pod); err != nil {
		return fmt.Errorf("it cannot be read as a pod: %w", err)
	}
	namespace := s.backup.input.namespaceOf(item)
	request := psp.Request{Namespace: namespace, Pod: pod, User: s.creator(item)}
	name := pod.Spec.ServiceAccountName
	for _, other := range []string{pod.Spec.DeprecatedServiceAccount, "default"} {
		if name == "" {
			name = other
		}
	}
	request.Account = s.backup.accounts[[2]string{namespace, name}]
	result, err := s.simulator.Simulate(request)
	if err != nil {
		return err
	}
	s.document.Results = append(s.document.Results, s.result(item, t, namespace, &result))
	return nil
}

// result puts a result in the report's shape and counts it.
func (s *simulation) result(item *workload.Item, t *workload.Template, namespace string, r *psp.Result) report.SimulationResult {
	out := report.SimulationResult{
		Source: sourceOf(item, t.Path), Object: objectOf(item, namespace), Partial: t.Partial,
		Admitted: r.Admitted, Policy: r.Policy, Mutated: len(r.Patch) > 0, Message: r.Message,
		Patch: []report.PatchOperation{}, Errors: []report.SimulationError{}, Unusable: list(r.Unusable),
	}
	for _, p := range r.Patch {
		out.Patch = append(out.Patch, report.PatchOperation(p))
	}
	for _, e := range r.Errors {
		out.Errors = append(out.Errors, report.SimulationError{Policy: e.Policy, Path: e.Path, Message: e.Text})
	}
	sum := &s.document.Summary
	sum.Pods++
	switch {
	case !r.Admitted:
		sum.Refused++
	case out.Mutated:
		sum.Mutated++
		sum.Admitted++
	default:
		sum.Admitted++
	}
	return out
}

// creator is who creates the pods of an object, as far as that is known: a pod's
// is the user at hand unless a controller made it, a template's its controller.
func (s *simulation) creator(item *workload.Item) *rbac.User {
	kind := item.Object.Kind
	if kind == "Pod" {
		if item.Controller == (workload.Owner{}) {
			return s.user
		}
		kind = item.Controller.Kind
	}
	controllers := []struct {
		name  string
		kinds []string
	}{
		{"replicaset-controller", []string{"Deployment", "ReplicaSet"}},
		{"replication-controller", []string{"ReplicationController"}},
		{"statefulset-controller", []string{"StatefulSet"}},
		{"daemon-set-controller", []string{"DaemonSet"}},
		{"job-controller", []string{"CronJob", "Job"}},
	}
	for _, c := range controllers {
		if slices.Contains(c.kinds, kind) {
			user := rbac.ServiceAccount("kube-system", c.name)
			return &user
		}
	}
	return nil
}
