package cli

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/json"

	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/internal/rbac"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// backup is what a cluster with PodSecurityPolicy had, read from manifests.
type backup struct {
	input      *input
	policies   []*psp.Policy
	places     map[string]report.Source // of the policies, and of broken ones, by name
	roles      rbac.Objects
	accounts   map[[2]string]*corev1.ServiceAccount // by namespace and name
	pods       []workload.Item
	notChecked []report.NotChecked
	errors     []report.Error
	// server is the API server's version, the zero Version for manifests.
	server pss.Version
}

func newBackup(in *input) *backup {
	return &backup{
		input: in, places: map[string]report.Source{}, accounts: map[[2]string]*corev1.ServiceAccount{},
		notChecked: []report.NotChecked{}, errors: []report.Error{},
	}
}

// note says something to the person at the terminal.
func (b *backup) note(text string) { b.input.console.line("note: " + report.EscapeSentence(text)) }

// noteNoPolicies says that there is nothing to say anything about.
func (b *backup) noteNoPolicies() {
	switch {
	case len(b.policies) > 0 || len(b.errors) > 0:
	case b.server > lastWithPolicies:
		b.note(fmt.Sprintf("there is no PodSecurityPolicy: the cluster is of Kubernetes %s, and v1.25 removed it", b.server))
	default:
		b.note("there is no PodSecurityPolicy in the input")
	}
}

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
	name := item.Object.Name
	if first, ok := b.places[name]; ok && name != "" {
		if !b.has(name) {
			return fmt.Errorf("PodSecurityPolicy %s comes again; the one at %s is broken, and this one is left out as well: nobody knows which was meant",
				name, report.Place(first.File, first.Line))
		}
		return fmt.Errorf("PodSecurityPolicy %s comes again; the one at %s counts", name, report.Place(first.File, first.Line))
	}
	b.places[name] = at
	if err != nil {
		return prefixed("PodSecurityPolicy "+name+": ", err)
	}
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

// unknownPolicy is a policy that a role names and the input does not have.
type unknownPolicy struct {
	role   rbac.Ref
	policy string
}

// unknownPolicies returns what roles let be used and the input does not have.
func (b *backup) unknownPolicies() []unknownPolicy {
	var found []unknownPolicy
	look := func(role rbac.Ref, rules []rbacv1.PolicyRule) {
		for i := range rules {
			for _, name := range rules[i].ResourceNames {
				use := func(group string) bool {
					return rbac.Allows(&rules[i], &rbac.Request{Verb: "use", Group: group, Resource: "podsecuritypolicies", Name: name})
				}
				if _, known := b.places[name]; !known && (use("policy") || use("extensions")) {
					found = append(found, unknownPolicy{role, name})
				}
			}
		}
	}
	for i := range b.roles.ClusterRoles {
		look(rbac.Ref{Kind: "ClusterRole", Name: b.roles.ClusterRoles[i].Name}, b.roles.ClusterRoles[i].Rules)
	}
	for i := range b.roles.Roles {
		r := &b.roles.Roles[i]
		look(rbac.Ref{Kind: "Role", Namespace: r.Namespace, Name: r.Name}, r.Rules)
	}
	return found
}

// authorizer returns who may use which policy, nil for everybody and every one,
// and tells what is odd about it.
func (b *backup) authorizer() psp.Authorizer {
	if len(b.policies) == 0 {
		b.note("there is no usable PodSecurityPolicy in the input: the plugin refuses every pod then")
	}
	if b.roles.None() {
		b.note("there is no RBAC object in the input: every policy counts as usable by everybody")
		return nil
	}
	known := rbac.New(&b.roles)
	for _, d := range known.Dangling() {
		b.note(fmt.Sprintf("%s refers to %s, which is not in the input: it gives nothing", d.Binding, d.Role))
	}
	for _, u := range b.unknownPolicies() {
		b.note(fmt.Sprintf("%s lets PodSecurityPolicy %s be used, which is not in the input", u.role, u.policy))
	}
	return known
}
