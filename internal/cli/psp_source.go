package cli

import (
	"cmp"
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/internal/rbac"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/internal/snapshot"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// pspSource is a source of policies and of everything that they are about.
func pspSource(s *System) sourceOptions {
	return sourceOptions{
		input: inputOptions{system: s, json: true, extra: true}, parts: cluster.Pods | cluster.Access | cluster.Policies, whole: true,
	}
}

// backup reads the source. Of pods and workloads only those stay that are in the
// namespaces asked about.
func (o *sourceOptions) backup(ctx context.Context) (*backup, error) {
	b := newBackup(newInput(&o.input))
	var inv *inventory.Inventory
	var err error
	if o.live() || o.from != "" {
		if inv, err = o.load(ctx); err == nil {
			err = b.cluster(inv, o)
		}
	} else if inv = b.files(o.builder(o.input.namespace)); o.narrow() {
		err = o.choose(inv)
	}
	if err == nil && o.narrow() {
		b.pods = slices.DeleteFunc(b.pods, func(item workload.Item) bool {
			return !slices.Contains(o.namespaces, b.input.namespaceOf(&item))
		})
	}
	return b, err
}

// files reads manifests, and returns the inventory of them.
func (b *backup) files(builder *inventory.Builder) *inventory.Inventory {
	for item := range b.input.items() {
		b.take(&item)
		builder.Add(&item)
	}
	a := &builder.Access
	a.ClusterRoles, a.ClusterRoleBindings = b.roles.ClusterRoles, b.roles.ClusterRoleBindings
	a.Roles, a.RoleBindings = b.roles.Roles, b.roles.RoleBindings
	for key, account := range b.accounts {
		to := inventory.ServiceAccount{Namespace: key[0], Name: key[1]}
		if account.AutomountServiceAccountToken != nil {
			to.Automount = pss.Some(*account.AutomountServiceAccountToken)
		}
		a.ServiceAccounts = append(a.ServiceAccounts, to)
	}
	return builder.Build() // which sorts them
}

// cluster takes what a live cluster or a snapshot contains, its pods included.
func (b *backup) cluster(inv *inventory.Inventory, from *sourceOptions) error {
	b.access(inv)
	texts := map[*inventory.View][]byte{} // equal pods are many, and share a view
	for i := range inv.Namespaces {
		if err := b.namespace(&inv.Namespaces[i], texts); err != nil {
			return err
		}
	}
	noteProblems(b.input.console, inv, from)
	for i := range inv.NotChecked {
		b.notChecked = append(b.notChecked, b.input.notChecked(itemOf(&inv.NotChecked[i])))
	}
	for _, m := range inv.Missing {
		b.notChecked = append(b.notChecked, report.NotChecked{
			Object: report.Object{Kind: m.Resource, Namespace: m.Namespace}, Paths: []string{}, Reason: "it could not be listed: " + m.Reason,
		})
	}
	for i := range inv.Errors {
		b.errors = append(b.errors, report.Error{Source: sourceOf(itemOf(&inv.Errors[i]), ""), Message: inv.Errors[i].Reason})
	}
	return nil
}

// access takes policies and who may do what.
func (b *backup) access(inv *inventory.Inventory) {
	b.server = inv.Server.Version
	for _, text := range inv.PodSecurityPolicies {
		item := workload.Item{JSON: text, Object: workload.Object{APIVersion: "policy/v1beta1", Kind: psp.Kind}}
		var named struct {
			Metadata metav1.ObjectMeta `json:"metadata"`
		}
		if err := decodeJSON(text, &named); err == nil {
			item.Object.Name = named.Metadata.Name
		}
		if err := b.policy(&item); err != nil {
			b.fail(report.Source{}, err)
		}
	}
	a := &inv.Access
	b.roles = rbac.Objects{
		ClusterRoles: a.ClusterRoles, ClusterRoleBindings: a.ClusterRoleBindings, Roles: a.Roles, RoleBindings: a.RoleBindings,
	}
	for _, account := range a.ServiceAccounts {
		to := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: account.Namespace, Name: account.Name}}
		if account.Automount.Set {
			to.AutomountServiceAccountToken = new(account.Automount.Value)
		}
		b.accounts[[2]string{account.Namespace, account.Name}] = to
	}
}

// namespace takes the pods and workloads of a namespace. A pod counts as made by
// the workload at the top, whose template it was made of in the end.
func (b *backup) namespace(ns *inventory.Namespace, texts map[*inventory.View][]byte) error {
	add := func(apiVersion, kind, name string, by workload.Owner, templates ...inventory.Template) error {
		item := workload.Item{
			Outcome: workload.Read, Object: workload.Object{APIVersion: apiVersion, Kind: kind, Namespace: ns.Name, Name: name}, Controller: by,
		}
		for i := range templates {
			view := templates[i].View
			t := view.Template()
			t.Path, t.Partial = templates[i].Path, templates[i].Partial
			if texts[view] == nil {
				var err error
				if texts[view], err = snapshot.Pod(t); err != nil {
					return err
				}
			}
			t.JSON = texts[view]
			item.Templates = append(item.Templates, *t)
		}
		b.pods = append(b.pods, item)
		return nil
	}
	for _, w := range ns.Workloads {
		if err := add(w.APIVersion, w.Kind, w.Name, workload.Owner{}, w.Templates...); err != nil {
			return err
		}
	}
	for i := range ns.Pods {
		p := &ns.Pods[i]
		by := p.Controller
		if w := p.Workload; w != nil {
			by.APIVersion, by.Kind, by.Name = w.APIVersion, w.Kind, w.Name
		}
		if err := add("v1", "Pod", cmp.Or(p.Name, report.Unnamed), by, inventory.Template{View: p.View}); err != nil {
			return err
		}
	}
	return nil
}

// outcome is the error of a run that could not read or judge everything.
func (b *backup) outcome() error {
	if len(b.errors) > 0 || len(b.notChecked) > 0 && !b.input.allowUnchecked {
		return errIncomplete
	}
	return nil
}
