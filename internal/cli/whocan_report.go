package cli

import (
	"slices"

	"github.com/gabion-security/gabion/internal/access"
	"github.com/gabion-security/gabion/internal/rbac"
	"github.com/gabion-security/gabion/internal/report"
)

// people returns the subjects that are no components of Kubernetes.
func people(subjects []access.Subject) []access.Subject {
	return slices.DeleteFunc(slices.Clone(subjects), access.Subject.System)
}

// report makes a report of an answer.
func (o *whoCanOptions) report(a *access.Answer) report.WhoCan {
	r := report.WhoCan{
		APIVersion: report.APIVersion, Kind: "WhoCanReport", Can: o.can,
		OpenNamespaces: []report.WhoCanNamespace{}, Missing: []report.WhoCanMissing{},
		Rights: []report.WhoCanRight{}, Outside: o.outside(),
	}
	for _, ns := range a.Open {
		r.OpenNamespaces = append(r.OpenNamespaces, report.WhoCanNamespace(ns))
	}
	for _, m := range a.Missing {
		r.Missing = append(r.Missing, report.WhoCanMissing(m))
	}
	r.Grants = o.grants(a.Grants)
	r.Unknown = o.grants(a.Unknown)
	named := map[string]bool{}
	for i := range r.Grants {
		for j := range r.Grants[i].Rights {
			named[r.Grants[i].Rights[j].Right] = true
		}
	}
	for _, right := range access.Rights(o.aim) {
		if named[right.ID] {
			r.Rights = append(r.Rights, report.WhoCanRight(right))
		}
	}
	shown, system := map[access.Subject]bool{}, map[access.Subject]bool{}
	bindings := map[rbac.Ref]bool{}
	for _, g := range a.Grants {
		for _, s := range g.Subjects {
			if s.System() {
				system[s] = true
			}
			if o.showSystem || !s.System() {
				shown[s], bindings[g.Binding] = true, true
			}
		}
	}
	r.Summary = report.WhoCanSummary{Subjects: len(shown), Bindings: len(bindings), SystemSubjects: len(system), SystemShown: o.showSystem}
	return r
}

// grants leaves out components of Kubernetes, unless they are asked for.
func (o *whoCanOptions) grants(all []access.Grant) []report.WhoCanGrant {
	grants := []report.WhoCanGrant{}
	for _, g := range all {
		subjects := g.Subjects
		if !o.showSystem {
			subjects = people(subjects)
		}
		if len(subjects) == 0 {
			continue
		}
		to := report.WhoCanGrant{
			Subjects: whoCanSubjects(subjects), Binding: report.WhoCanRef(g.Binding), Role: report.WhoCanRef(g.Role),
			Rights: []report.WhoCanHeld{},
		}
		for _, h := range g.Rights {
			to.Rights = append(to.Rights, report.WhoCanHeld{
				Right: h.ID, APIGroup: h.APIGroup, Verbs: h.Verbs, Resources: h.Resources, Names: list(h.Names),
				Everywhere: h.Everywhere, Namespaces: list(h.Namespaces), As: whoCanSubjects(h.As), AsTotal: len(h.As),
			})
		}
		grants = append(grants, to)
	}
	return grants
}

func whoCanSubjects(subjects []access.Subject) []report.WhoCanSubject {
	to := []report.WhoCanSubject{}
	for _, s := range subjects {
		to = append(to, report.WhoCanSubject(s))
	}
	return to
}

// outside are the ways that RBAC has no say in, or that it does not tell of.
func (o *whoCanOptions) outside() []string {
	lines := []string{
		"Members of the group system:masters may do everything, whatever RBAC says.",
		"Whoever can write into the static pod directory of a node (staticPodPath of the kubelet; /etc/kubernetes/manifests with kubeadm) runs pods that nothing judges.",
		"Other authorizers of the API server, such as a webhook, may allow more.",
	}
	switch o.aim {
	case access.Weaken:
		lines = append(lines, "Secrets are not looked at: whoever can read one that holds a token of a service account has the account's rights.")
	case access.Bypass:
		lines = append(lines, "Custom resources count whose definitions say that they hold pods, or whose kind is known to; whoever can write others whose controllers make pods has pods made, too.")
	}
	return lines
}
