package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/internal/server/resource"
)

// apply does what the report says, step by step: the patches of templates, the
// copies of policies, which take defaults away from templates that do not say them,
// the labels of the namespaces that are ready by then, and the end of
// PodSecurityPolicy where labels are enforced.
func (m *migration) apply(ctx context.Context) error {
	ctx, stop := m.system.carefully(ctx)
	defer stop()
	config, err := m.source.connection.config()
	if err != nil {
		return err
	}
	client, err := resource.NewClient(config)
	if err != nil {
		return err
	}
	a := applying{migration: m, client: client}
	for _, step := range []func(context.Context) error{a.patches, a.again, a.copies, a.again} {
		err := step(ctx)
		if ctx.Err() != nil {
			return errInterrupted
		}
		if err != nil {
			return err
		}
	}
	ready, err := a.rolledOutOf(ctx, m.ready())
	if err != nil {
		return err
	}
	refused := m.label(ctx, ready)
	if refused != nil && !errors.Is(refused, errFindings) {
		return refused
	}
	names, err := m.labelled(ctx, config)
	if ctx.Err() != nil {
		return errInterrupted
	}
	if err != nil {
		return err
	}
	if err := a.takeAway(ctx, names); err != nil {
		return err
	}
	if a.left > 0 {
		return errFindings
	}
	return refused
}

// errInterrupted ends what is done step by step.
var errInterrupted = errors.New("interrupted: what is printed is done, the rest is left as it is")

// ready returns the namespaces that can be labelled.
func (m *migration) ready() (targets []target) {
	for i := range m.report.Namespaces {
		if n := &m.report.Namespaces[i]; n.State == report.MigrationNamespaceLabel {
			targets = append(targets, target{name: n.Name, named: true, want: n.Labels})
		}
	}
	return targets
}

// rolledOutOf returns the namespaces in which nothing is being rolled out: until then
// pods are made of templates from before their patch, which the labels would refuse
// as soon as no policy changes them.
func (a *applying) rolledOutOf(ctx context.Context, targets []target) (ready []target, err error) {
	for _, t := range targets {
		rolled, err := a.rolledOut(ctx, "namespace "+t.name, t.name)
		if ctx.Err() != nil {
			return nil, errInterrupted
		}
		if err != nil {
			return nil, err
		}
		if rolled {
			ready = append(ready, t)
		}
	}
	return ready, nil
}

// again reads the cluster once more if something was changed since it was read, and
// works out where each step stands now.
func (a *applying) again(ctx context.Context) error {
	if a.done == a.seen && !a.stale {
		return nil
	}
	a.seen, a.stale = a.done, false
	said := a.backup.input.console
	a.source.unknown = 0
	in := newInput(&a.source.input)
	in.console = &console{w: io.Discard} // the first reading has told of what is odd
	now, err := a.readInto(ctx, newBackup(in))
	if err != nil {
		return err
	}
	now.config = a.config
	if err := now.work(); err != nil {
		return err
	}
	now.backup.input.console = said
	if before, after := a.missingOnly(), now.missingOnly(); len(after.Missing) > len(before.Missing) || len(after.Errors) > len(before.Errors) {
		noteProblems(said, after, &a.source)
	}
	*a.migration = *now
	said.line(a.summary())
	return nil
}

// label labels namespaces as 'gabion label' does: by a dry run first, and not
// where a pod would be rejected.
func (m *migration) label(ctx context.Context, targets []target) error {
	if len(targets) == 0 {
		m.backup.input.console.line("no namespace is ready to be labelled")
		return nil
	}
	o := labelOptions{
		system: m.system, documents: documentOptions{system: m.system}, connection: m.source.connection, input: m.source.input, admissionConfig: m.pspMigrateOptions.config,
		given: targets, yes: m.yes, undoFile: m.undoFile, dryRun: dryRunServer, output: "text",
	}
	if err := o.run(ctx); err != nil {
		return err
	}
	o.dryRun = dryRunNone
	return o.run(ctx)
}

// labelled returns the namespaces whose labels are enforced and where
// PodSecurityPolicy still is.
func (m *migration) labelled(ctx context.Context, config *rest.Config) (names []string, err error) {
	if !m.hasPolicies() {
		return nil, nil
	}
	labeler, err := cluster.NewLabeler(config)
	if err != nil {
		return nil, err
	}
	for i := range m.report.Namespaces {
		n := &m.report.Namespaces[i]
		switch n.State {
		case report.MigrationNamespaceBypass:
		case report.MigrationNamespaceLabel:
			ns, err := labeler.Get(ctx, n.Name)
			if err != nil {
				return nil, fmt.Errorf("reading namespace %q again: %w", n.Name, err)
			}
			if n.Bypassed || !holds(ns.Labels, n.Labels) {
				continue
			}
		default:
			continue
		}
		names = append(names, n.Name)
	}
	return names, nil
}

// holds reports whether labels are set.
func holds(labels, set map[string]string) bool {
	for key, value := range set {
		if got, ok := labels[key]; !ok || got != value {
			return false
		}
	}
	return true
}
