package cli

import (
	"cmp"
	"context"
	"fmt"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/internal/rbac"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
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
	// onPurpose says who may use the policy that admits everything by its name.
	onPurpose *rbac.Authorizer
	// unseen says in lines where not everything was seen.
	unseen []string
}

// read reads the whole source.
func (o *pspMigrateOptions) read(ctx context.Context) (*migration, error) {
	return o.readInto(ctx, newBackup(newInput(&o.source.input)))
}

func (o *pspMigrateOptions) readInto(ctx context.Context, b *backup) (*migration, error) {
	m := &migration{pspMigrateOptions: o, backup: b, version: lastWithPolicies}
	var err error
	if o.source.live() || o.source.from != "" {
		if m.inv, err = o.source.load(ctx); err == nil {
			m.backup.access(m.inv)
		}
	} else {
		m.inv = m.backup.files(o.source.builder(o.source.input.namespace))
		err = o.source.choose(m.inv)
	}
	if err != nil {
		return nil, err
	}
	m.backup.pods = nil // the inventory has them
	m.version = cmp.Or(m.inv.Server.Version, m.version)
	if o.kubernetes.set {
		m.version = o.kubernetes.value
	}
	m.backup.input.console.noteVersions(m.version)
	m.refuseLatePolicies()
	return m, nil
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
