package cli

import (
	"cmp"
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/internal/rbac"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// The versions between which clusters migrate.
var (
	// lastWithPolicies is the last that had PodSecurityPolicy.
	lastWithPolicies = pss.V1(24)
	// firstWithLevels is the first with Pod Security admission on by default.
	firstWithLevels = pss.V1(23)
)

// migration is one run of `gabion psp migrate`.
type migration struct {
	*pspMigrateOptions

	config  admission.Config
	backup  *backup
	inv     *inventory.Inventory
	version pss.Version
	report  report.Migration
	// nearest are the levels nearest to the policies, by their names, and authorizer
	// says who may use which, nil for everybody and every one.
	nearest    map[string]pss.Level
	authorizer psp.Authorizer
	// unseen says that not everything was seen somewhere.
	unseen bool
}

// read reads the whole source.
func (o *pspMigrateOptions) read(ctx context.Context) (*migration, error) {
	m := &migration{pspMigrateOptions: o, backup: newBackup(newInput(&o.source.input)), version: lastWithPolicies}
	var err error
	if o.source.live() || o.source.from != "" {
		err = m.readCluster(ctx)
	} else {
		err = m.readFiles()
	}
	if err != nil {
		return nil, err
	}
	m.version = cmp.Or(m.inv.Server.Version, m.version)
	if o.kubernetes.set {
		m.version = o.kubernetes.value
	}
	m.backup.input.console.noteVersions(m.version)
	m.refuseLatePolicies()
	return m, nil
}

// readCluster takes what a live cluster or a snapshot contains.
func (m *migration) readCluster(ctx context.Context) error {
	inv, err := m.source.load(ctx)
	if err != nil {
		return err
	}
	m.inv = inv
	b, a := m.backup, &inv.Access
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
	return nil
}

// readFiles takes manifests.
func (m *migration) readFiles() error {
	b := m.backup
	builder := m.source.builder(m.source.input.namespace)
	for item := range b.input.items() {
		b.take(&item)
		builder.Add(&item)
		b.pods = nil // the inventory has them
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
	m.inv = builder.Build() // which sorts them
	return m.source.choose(m.inv)
}

// hasPolicies reports whether the API server has PodSecurityPolicy.
func (m *migration) hasPolicies() bool { return m.version <= lastWithPolicies }

// refuseLatePolicies drops policies that are for an API server which has none.
func (m *migration) refuseLatePolicies() {
	if m.hasPolicies() {
		return
	}
	for _, p := range m.backup.policies {
		m.backup.fail(m.backup.places[p.Name], fmt.Errorf(
			"PodSecurityPolicy %s: Kubernetes %s has none, it was removed in v1.25; the objects of an older cluster are read with --kubernetes-version=%s",
			p.Name, m.version, lastWithPolicies))
	}
	m.backup.policies = nil
}

// missingOnly is the inventory without what the backup has told of already.
func (m *migration) missingOnly() *inventory.Inventory {
	if m.source.live() || m.source.from != "" {
		return m.inv
	}
	return &inventory.Inventory{Missing: m.inv.Missing}
}
