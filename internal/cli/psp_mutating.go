package cli

import (
	"bufio"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/json"

	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/workload"
)

type pspMutatingOptions struct {
	system   *System
	source   sourceOptions
	exitCode bool
	output   string
}

// newPSPMutating returns `gabion psp mutating`.
func newPSPMutating(s *System) *cobra.Command {
	o := pspMutatingOptions{system: s, source: pspSource(s)}
	cmd := &cobra.Command{
		Use:   "mutating [NAMESPACE]... [PATH]...",
		Short: "Find the PodSecurityPolicies that change pods, and the pods that they changed",
		Long: `Find the PodSecurityPolicies that change pods, and by which settings; and the pods
that differ from the template that they were made of in what policies change: in a
live cluster, a snapshot of one or YAML backups. Those are the pods that come out
differently when PodSecurityPolicy goes: their templates have to say what the policy
said for them.

A pod is compared with the object that controls it, whatever its kind; without a
pod's ReplicaSet or Job, with the Deployment or CronJob of the name. Containers are
compared by their names, so that an injected sidecar is no mutation. What the policy
that a pod is annotated with cannot have set is told apart: something else changed it.
Arguments with a slash or a dot are paths, others are namespaces.`,
		Example: `  # A cluster before 1.25, or two namespaces of it
  gabion psp mutating
  gabion psp mutating shop blog

  # What kubectl gets of it
  kubectl get psp,pods,rs,deploy,sts,ds,jobs,cronjobs -A -o yaml > cluster.yaml
  gabion psp mutating -f cluster.yaml`,
		Args: func(_ *cobra.Command, args []string) error { return o.complete(args) },
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	o.source.flags(cmd)
	flagGroup(cmd, "Output", func(fs *pflag.FlagSet) {
		outputFlag(fs, &o.output, report.PSPMutatingFormats())
		fs.BoolVar(&o.exitCode, "exit-code", false, "exit with 1 if there are mutated pods")
	})
	complete(cmd, map[string][]string{"output": report.PSPMutatingFormats()})
	return cmd
}

// complete finds faults of the command line before anything is read.
func (o *pspMutatingOptions) complete(args []string) error {
	return o.source.complete(args)
}

func (o *pspMutatingOptions) run(ctx context.Context) error {
	b, err := o.source.backup(ctx)
	if err != nil {
		return err
	}
	m := mutations{backup: b, templates: map[ownerKey][]template{}, document: report.PSPMutating{
		APIVersion: report.APIVersion, Kind: "PodSecurityPolicyMutations", Policies: []report.PSPMutatingPolicy{},
		Pods: []report.PSPMutatedPod{}, NotCompared: []report.PSPNotCompared{},
	}}
	document := m.run()
	out := bufio.NewWriter(o.system.Stdout)
	err = report.WritePSPMutating(out, o.output, o.system.style(), document)
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	sum := document.Summary
	b.input.console.line(fmt.Sprintf("%s, %d of them change pods; %s, %d mutated, %d changed by something else, %d not compared",
		countPolicies(sum.Policies), sum.Mutating, plural(sum.Pods, "pod"), sum.Mutated, sum.Changed, sum.NotCompared))
	if err := b.outcome(); err != nil {
		return err
	}
	if o.exitCode && sum.Mutated > 0 {
		return errFindings
	}
	return nil
}

// mutations are found by comparing pods with templates.
type mutations struct {
	backup    *backup
	templates map[ownerKey][]template
	document  report.PSPMutating
}

// ownerKey names an object as owner references do; its version does not count.
type ownerKey struct{ namespace, group, kind, name string }

func ownerKeyOf(namespace, apiVersion, kind, name string) ownerKey {
	group, _, ok := strings.Cut(apiVersion, "/")
	if !ok {
		group = ""
	}
	return ownerKey{namespace, group, kind, name}
}

// template is one of an object's.
type template struct {
	object report.Object
	pod    *corev1.Pod
}

// run compares everything.
func (m *mutations) run() *report.PSPMutating {
	d := &m.document
	for _, p := range m.backup.policies {
		row := report.PSPMutatingPolicy{Source: m.backup.places[p.Name], Name: p.Name, Mutates: pspSettings(p.Mutates())}
		d.Policies = append(d.Policies, row)
		if d.Summary.Policies++; len(row.Mutates) > 0 {
			d.Summary.Mutating++
		}
	}
	for i := range m.backup.pods {
		m.learn(&m.backup.pods[i])
	}
	for i := range m.backup.pods {
		if item := &m.backup.pods[i]; isPod(item) {
			m.pod(item)
		}
	}
	d.Summary.NotCompared = len(d.NotCompared)
	d.NotChecked, d.Errors = m.backup.notChecked, m.backup.errors
	return d
}

func isPod(item *workload.Item) bool {
	return item.Object.Kind == "Pod" && item.Object.APIVersion == "v1"
}

// learn takes the templates of an object.
func (m *mutations) learn(item *workload.Item) {
	if isPod(item) {
		return
	}
	namespace, o := m.backup.input.namespaceOf(item), item.Object
	key := ownerKeyOf(namespace, o.APIVersion, o.Kind, o.Name)
	for i := range item.Templates {
		text := item.Templates[i].JSON
		if text == nil {
			continue // pods that are put together: whatever is compared would be guessed
		}
		pod := new(corev1.Pod)
		if err := json.UnmarshalCaseSensitivePreserveInts(text, pod); err != nil {
			m.backup.fail(sourceOf(item, item.Templates[i].Path), fmt.Errorf("its pods cannot be read: %w", err))
			continue
		}
		m.templates[key] = append(m.templates[key], template{objectOf(item, namespace), pod})
	}
}

// pod compares a pod with its template.
func (m *mutations) pod(item *workload.Item) {
	d, namespace := &m.document, m.backup.input.namespaceOf(item)
	source, object := sourceOf(item, ""), objectOf(item, namespace)
	pod := new(corev1.Pod)
	if err := json.UnmarshalCaseSensitivePreserveInts(item.Templates[0].JSON, pod); err != nil {
		m.backup.fail(source, fmt.Errorf("it cannot be read as a pod: %w", err))
		return
	}
	d.Summary.Pods++
	candidates, reason := m.templatesOf(item, namespace)
	if reason != "" {
		d.NotCompared = append(d.NotCompared, report.PSPNotCompared{Source: source, Object: object, Reason: reason})
		return
	}
	// Of several templates the pod was made of the one that it is most like.
	best, changes := candidates[0], psp.Changes(candidates[0].pod, pod)
	for _, other := range candidates[1:] {
		if c := psp.Changes(other.pod, pod); sharesContainer(other.pod, pod) && (len(c) < len(changes) || !sharesContainer(best.pod, pod)) {
			best, changes = other, c
		}
	}
	if len(changes) == 0 {
		return
	}
	row := report.PSPMutatedPod{
		Source: source, Object: object, Policy: psp.Chosen(pod), Template: best.object, Changes: []report.PSPChange{}, Others: []report.PSPChange{},
	}
	chosen := slices.IndexFunc(m.backup.policies, func(p *psp.Policy) bool { return p.Name == row.Policy })
	for i := range changes {
		if chosen >= 0 && !m.backup.policies[chosen].Sets(&changes[i]) {
			row.Others = append(row.Others, report.PSPChange(changes[i]))
		} else { // be it that nobody knows by which policy
			row.Changes = append(row.Changes, report.PSPChange(changes[i]))
		}
	}
	if len(row.Changes) > 0 {
		d.Summary.Mutated++
	} else {
		d.Summary.Changed++
	}
	d.Pods = append(d.Pods, row)
}

// sharesContainer reports whether a pod has a container of the template.
func sharesContainer(template, pod *corev1.Pod) bool {
	for i := range template.Spec.Containers {
		for j := range pod.Spec.Containers {
			if template.Spec.Containers[i].Name == pod.Spec.Containers[j].Name {
				return true
			}
		}
	}
	return false
}

// templatesOf returns the templates that a pod may have been made of, or why
// there are none.
func (m *mutations) templatesOf(item *workload.Item, namespace string) ([]template, string) {
	owner := item.Controller
	if owner == (workload.Owner{}) {
		return nil, "no controller made it: it has no template"
	}
	if found := m.templates[ownerKeyOf(namespace, owner.APIVersion, owner.Kind, owner.Name)]; len(found) > 0 {
		return found, ""
	}
	// The objects between are made by others, and named after them.
	above := map[string]string{"ReplicaSet": "Deployment", "Job": "CronJob"}[owner.Kind]
	if cut := strings.LastIndexByte(owner.Name, '-'); above != "" && cut > 0 {
		if found := m.templates[ownerKeyOf(namespace, owner.APIVersion, above, owner.Name[:cut])]; len(found) > 0 {
			return found, ""
		}
	}
	return nil, fmt.Sprintf("its %s %s has no template in the input", owner.Kind, owner.Name)
}
