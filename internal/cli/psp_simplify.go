package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/internal/rbac"
	"github.com/gabion-security/gabion/internal/report"
)

// copyPrefix begins the names of simplified copies.
const copyPrefix = "0-"

type pspSimplifyOptions struct {
	system *System
	source sourceOptions
	only   []string
	prefix string
	all    bool
	output string
}

// newPSPSimplify returns `gabion psp simplify`.
func newPSPSimplify(s *System) *cobra.Command {
	o := pspSimplifyOptions{system: s, source: pspSource(s)}
	cmd := &cobra.Command{
		Use:   "simplify [PATH]...",
		Short: "Copy PodSecurityPolicies without what the Pod Security Standards have nothing for",
		Long: `Copy every PodSecurityPolicy of a live cluster, a snapshot of one or YAML backups
without the settings that the Pod Security Standards have nothing for: those that
only change pods, and those that no level has
an opinion on. It is the second step of the Kubernetes migration guide, whose copies
are rolled out beside the originals to find the pods that depend on what is dropped.

A copy is named to come first: of the policies that a pod may use, the first that
admits it unchanged is chosen. What no level has an opinion on but changes pods is
kept, unless --drop-all says that no pod depends on it ('gabion psp mutating').

  -o diff       what is dropped and why, and the difference
  -o manifests  the copies, and the roles with the use of them added
  -o yaml       both, or json, for a machine`,
		Example: `  gabion psp simplify
  gabion psp simplify -f psp.yaml
  kubectl get psp,clusterroles,roles -A -o yaml | gabion psp simplify - -o manifests > simplified.yaml`,
		Args: func(_ *cobra.Command, args []string) error { return o.complete(args) },
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	o.source.flags(cmd)
	flagGroup(cmd, "Policy", func(fs *pflag.FlagSet) {
		policyFlag(fs, &o.only)
		fs.StringVar(&o.prefix, "prefix", copyPrefix, "the `PREFIX` of the names of the copies")
		fs.BoolVar(&o.all, "drop-all", false, "drop also what changes pods: groups that MustRunAs, readOnlyRootFilesystem")
	})
	flagGroup(cmd, "Output", func(fs *pflag.FlagSet) {
		outputFlag(fs, &o.output, report.PSPSimplificationFormats())
	})
	complete(cmd, map[string][]string{"output": report.PSPSimplificationFormats()})
	return cmd
}

// complete finds faults of the command line before anything is read.
func (o *pspSimplifyOptions) complete(args []string) error {
	if o.prefix == "" {
		return usagef("--prefix is empty: the copies would take the place of the originals")
	}
	return o.source.complete(args)
}

func (o *pspSimplifyOptions) run(ctx context.Context) error {
	b, err := o.source.backup(ctx)
	if err != nil {
		return err
	}
	policies, err := b.only(o.only)
	if err != nil {
		return err
	}
	document := report.PSPSimplification{
		APIVersion: report.APIVersion, Kind: "PodSecurityPolicySimplification",
		Policies: []report.PSPSimplified{}, Roles: []json.RawMessage{}, Notes: []string{},
	}
	copies := map[string]string{}
	for _, p := range policies {
		simplified, steps := p.Simplify(o.prefix+p.Name, o.all)
		row := report.PSPSimplified{Source: b.places[p.Name], Name: p.Name, CopyName: simplified.Name, Changes: []report.PSPSimplifyStep{}}
		changed := false
		for _, s := range steps {
			changed = changed || !s.Kept
			row.Changes = append(row.Changes, report.PSPSimplifyStep{Field: s.Field, Value: s.Value, Kept: s.Kept, Why: s.Why, Then: s.Then})
		}
		if row.Original, err = json.Marshal(p.Document()); err != nil {
			return fmt.Errorf("writing PodSecurityPolicy %s: %w", p.Name, err)
		}
		if changed {
			copies[p.Name] = simplified.Name
			if row.Policy, err = json.Marshal(simplified.Document()); err != nil {
				return fmt.Errorf("writing PodSecurityPolicy %s: %w", simplified.Name, err)
			}
		}
		document.Policies = append(document.Policies, row)
	}
	if document.Roles, document.Notes, err = b.rolesFor(copies); err != nil {
		return err
	}
	for _, note := range document.Notes {
		b.note(note)
	}
	document.NotChecked, document.Errors = b.notChecked, b.errors
	out := bufio.NewWriter(o.system.Stdout)
	if err = report.WritePSPSimplification(out, o.output, &document); err == nil {
		err = out.Flush()
	}
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return b.outcome()
}

// rolesFor returns the roles that name policies which have copies, with the
// copies added, and what is to be known of others.
func (b *backup) rolesFor(copies map[string]string) (roles []json.RawMessage, notes []string, err error) {
	roles, notes = []json.RawMessage{}, []string{}
	take := func(ref rbac.Ref, rules []rbacv1.PolicyRule, role any) {
		added, everything := addCopies(rules, copies)
		if everything && len(copies) > 0 {
			notes = append(notes, fmt.Sprintf("%s lets every policy be used: a copy counts there as soon as it exists", ref))
		}
		if !added || err != nil {
			return
		}
		var text []byte
		if text, err = json.Marshal(role); err == nil {
			roles = append(roles, text)
		}
	}
	for i := range b.roles.ClusterRoles {
		r := b.roles.ClusterRoles[i].DeepCopy()
		if r.AggregationRule != nil {
			continue // its rules are those of others
		}
		r.TypeMeta, r.ObjectMeta = rbacType("ClusterRole"), plainMeta(&r.ObjectMeta)
		take(rbac.Ref{Kind: "ClusterRole", Name: r.Name}, r.Rules, r)
	}
	for i := range b.roles.Roles {
		r := b.roles.Roles[i].DeepCopy()
		r.TypeMeta, r.ObjectMeta = rbacType("Role"), plainMeta(&r.ObjectMeta)
		take(rbac.Ref{Kind: "Role", Namespace: r.Namespace, Name: r.Name}, r.Rules, r)
	}
	return roles, notes, err
}

func rbacType(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: kind}
}

// plainMeta is what somebody writes of an object's metadata.
func plainMeta(m *metav1.ObjectMeta) metav1.ObjectMeta {
	annotations := maps.Clone(m.Annotations)
	delete(annotations, "kubectl.kubernetes.io/last-applied-configuration")
	return metav1.ObjectMeta{Name: m.Name, Namespace: m.Namespace, Labels: m.Labels, Annotations: annotations}
}

// addCopies adds the copies to the rules that let the originals be used by name,
// and reports whether it did, and whether a rule lets all of them be used.
func addCopies(rules []rbacv1.PolicyRule, copies map[string]string) (added, everything bool) {
	for i := range rules {
		for _, name := range slices.Sorted(maps.Keys(copies)) {
			if !slices.ContainsFunc([]string{"policy", "extensions"}, func(group string) bool {
				return rbac.Allows(&rules[i], &rbac.Request{Verb: "use", Group: group, Resource: "podsecuritypolicies", Name: name})
			}) {
				continue
			}
			if len(rules[i].ResourceNames) == 0 {
				everything = true
				break
			}
			if !slices.Contains(rules[i].ResourceNames, copies[name]) {
				rules[i].ResourceNames = append(rules[i].ResourceNames, copies[name])
				added = true
			}
		}
	}
	return added, everything
}
