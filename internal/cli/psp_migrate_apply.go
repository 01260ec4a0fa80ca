package cli

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/internal/server/resource"
)

// apply labels the namespaces that are ready, and takes PodSecurityPolicy away
// where labels are enforced.
func (m *migration) apply(ctx context.Context) error {
	ctx, stop := m.system.carefully(ctx)
	defer stop()
	config, err := m.source.connection.config()
	if err != nil {
		return err
	}
	var targets []target
	for i := range m.report.Namespaces {
		if n := &m.report.Namespaces[i]; n.State == report.MigrationNamespaceLabel {
			targets = append(targets, target{name: n.Name, named: true, want: n.Labels})
		}
	}
	refused := m.label(ctx, targets)
	if refused != nil && !errors.Is(refused, errFindings) {
		return refused
	}
	names, err := m.labelled(ctx, config)
	if err != nil {
		return err
	}
	if err := m.takeAway(ctx, config, names); err != nil {
		return err
	}
	return refused
}

// label labels namespaces as 'gabion label' does: by a dry run first, and not
// where a pod would be rejected.
func (m *migration) label(ctx context.Context, targets []target) error {
	if len(targets) == 0 {
		m.backup.input.console.line("no namespace is ready to be labelled")
		return nil
	}
	o := labelOptions{
		system: m.system, connection: m.source.connection, input: m.source.input, admissionConfig: m.pspMigrateOptions.config,
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

// takeAway gives the policy that admits everything to the service accounts of
// namespaces, where the answer is yes.
func (m *migration) takeAway(ctx context.Context, config *rest.Config, names []string) error {
	if len(names) == 0 {
		return nil
	}
	client, err := resource.NewClient(config)
	if err != nil {
		return err
	}
	done := 0
	for _, name := range names {
		if !m.yes && !m.system.ask(ctx, "Take PodSecurityPolicy away in namespace "+name+"?") {
			if ctx.Err() != nil {
				break
			}
			continue
		}
		if done == 0 {
			if err := writeBypass(ctx, client); err != nil {
				return err
			}
		}
		if err := client.Apply(ctx, rbacPath+"/namespaces/"+name+"/rolebindings/"+bypassBinding, bypassRoleBinding(name), nil); err != nil {
			return fmt.Errorf("writing RoleBinding %s/%s: %w", name, bypassBinding, err)
		}
		done++
		_, err := fmt.Fprintf(m.system.Stdout, "namespace/%s: PodSecurityPolicy does nothing there any more; to go back: kubectl -n %s delete rolebinding %s\n",
			name, name, bypassBinding)
		if err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	if done < len(names) {
		m.backup.input.console.line(fmt.Sprintf("PodSecurityPolicy was taken away in %d of %s", done, plural(len(names), "namespace")))
		return errFindings
	}
	return nil
}

const rbacPath = "/apis/rbac.authorization.k8s.io/v1"

// writeBypass writes what the bindings of namespaces refer to.
func writeBypass(ctx context.Context, client *resource.Client) error {
	if err := client.Apply(ctx, "/apis/policy/v1beta1/podsecuritypolicies/"+psp.BypassName, psp.Bypass().Document(), nil); err != nil {
		return fmt.Errorf("writing PodSecurityPolicy %s: %w", psp.BypassName, err)
	}
	if err := client.Apply(ctx, rbacPath+"/clusterroles/"+bypassBinding, bypassRole(), nil); err != nil {
		return fmt.Errorf("writing ClusterRole %s: %w", bypassBinding, err)
	}
	return nil
}
