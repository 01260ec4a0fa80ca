package cli

import (
	"cmp"
	"fmt"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/exception"
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/profile"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
)

// finder finds all that is wrong with the pods of an inventory, by what each
// namespace asks of them in each mode.
type finder struct {
	evaluator pss.Evaluator
	// flags is the policy asked for, without a Level if the labels decide.
	flags pss.LevelVersion
	// profile judges instead, nil if there is none.
	profile *profile.Profile
	config  admission.Config
	// files says that what is judged are manifests, where no label means strict.
	files bool
}

// violating is a pod or template with what is wrong with it in a mode.
type violating struct {
	exception.Failing

	mode v1alpha1.Mode
}

// each finds what is wrong with all pods and templates, namespace by namespace.
// Equal ones of one name and namespace come once.
func (f *finder) each(inv *inventory.Inventory, yield func(*violating)) error {
	for i := range inv.Namespaces {
		ns := &inv.Namespaces[i]
		if f.config.Exemptions.Namespace(ns.Name) {
			continue
		}
		type key struct {
			by   string
			view *inventory.View
		}
		seen := map[key]bool{}
		judge := func(kind, name string, v *inventory.View) error {
			by := kind + " " + ns.Name + "/" + name
			if seen[key{by, v}] || f.config.Exemptions.RuntimeClass(v.RuntimeClass) {
				return nil
			}
			seen[key{by, v}] = true
			return f.judge(ns, exception.Failing{Name: name, By: by}, v, yield)
		}
		for _, w := range ns.Workloads {
			for j := range w.Templates {
				if err := judge(w.Kind, w.Name, w.Templates[j].View); err != nil {
					return err
				}
			}
		}
		for j := range ns.Pods {
			p := &ns.Pods[j]
			kind, name := "Pod", cmp.Or(p.Name, report.Unnamed)
			if p.Workload != nil {
				kind, name = p.Workload.Kind, p.Workload.Name
			}
			if err := judge(kind, name, p.View); err != nil {
				return err
			}
		}
	}
	return nil
}

// judge yields what is wrong with a pod in every mode.
func (f *finder) judge(ns *inventory.Namespace, p exception.Failing, v *inventory.View, yield func(*violating)) error {
	p.Pod = exception.Pod{Namespace: ns.Name, NamespaceLabels: labelsOf(ns), Pod: &v.Pod, Extra: v.Extra, RuntimeClass: v.RuntimeClass}
	for _, mode := range []v1alpha1.Mode{v1alpha1.Enforce, v1alpha1.Audit, v1alpha1.Warn} {
		policy := f.policy(ns, mode)
		if !policy.Level.Valid() {
			continue
		}
		verdict, err := f.evaluator.Evaluate(&v.Pod, policy)
		if err != nil {
			return fmt.Errorf("judging %s: %w", p.By, err)
		}
		p.Findings = exception.Findings(verdict)
		if f.profile != nil {
			more, err := f.profile.Evaluate(f.evaluator, v.Template())
			if err != nil {
				return fmt.Errorf("judging %s: %w", p.By, err)
			}
			p.Findings = append(p.Findings, profileFindings(&more)...)
		}
		if len(p.Findings) > 0 {
			yield(&violating{p, mode})
		}
	}
	return nil
}

// policy is what a namespace asks of its pods in a mode, without a Level if it
// asks nothing.
func (f *finder) policy(ns *inventory.Namespace, mode v1alpha1.Mode) pss.LevelVersion {
	if f.flags.Level.Valid() {
		if mode == v1alpha1.Enforce {
			return f.flags
		}
		return pss.LevelVersion{}
	}
	policy, _ := pss.PolicyFromLabels(ns.Labels, f.config.Defaults)
	if f.files {
		m, _ := modesOf(ns.Labels)
		policy = pss.Policy{Enforce: m.enforce[0].policy}
		if m.warn != nil {
			policy.Warn, policy.Audit = *m.warn, *m.audit
		}
	}
	switch mode {
	case v1alpha1.Audit:
		return policy.Audit
	case v1alpha1.Warn:
		return policy.Warn
	case v1alpha1.Enforce:
	}
	return policy.Enforce
}

// profileFindings are those of a profile's own controls.
func profileFindings(v *profile.Verdict) []exception.Finding {
	var all []exception.Finding
	for _, violation := range v.Violations {
		for _, f := range violation.Findings {
			all = append(all, exception.Finding{
				Control: violation.Control, Container: f.Container, Path: f.Path, Value: f.Value, Explicit: f.Explicit,
			})
		}
	}
	return all
}
