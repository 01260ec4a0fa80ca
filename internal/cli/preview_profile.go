package cli

import (
	"fmt"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/exception"
	"github.com/gabion-security/gabion/internal/policy"
	"github.com/gabion-security/gabion/internal/preview"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
)

// previewProfile previews the profile for one namespace.
func (o *previewOptions) previewProfile(
	s *survey, ns *preview.Namespace, labels map[string]string, e pss.Evaluator, uses *[]exception.Use,
) (*report.PreviewNamespace, error) {
	outcome, err := preview.Profile(*ns, o.by.Name(), func(p *preview.Pod) (preview.Judgement, error) {
		t := p.Template()
		verdict, err := o.by.Evaluate(e, t)
		if err != nil {
			return preview.Judgement{}, err
		}
		match := o.excepted.of(ns.Name, labels, t, v1alpha1.Enforce)
		verdict, used := policy.ExceptProfile(&match, verdict)
		*uses = withUses(*uses, used)
		if verdict.Allowed() {
			return preview.Judgement{}, nil
		}
		reason := verdict.Base.Reason()
		for _, v := range verdict.Violations {
			reason = joined(reason, v.Reason)
		}
		return preview.Judgement{Reason: reason, Violations: func() []preview.Violation {
			all := preview.Violations(verdict.Base)
			for _, v := range verdict.Violations {
				all = append(all, preview.Violation{Control: v.Control, Level: "profile/" + o.by.Name(), Reason: v.Reason})
			}
			return all
		}}, nil
	})
	if err != nil {
		return nil, fmt.Errorf("previewing namespace %q: %w", ns.Name, err)
	}
	row := s.add(outcome, ns)
	row.From, row.To, row.Profile = "", o.by.Base().String(), o.by.Name()
	return row, nil
}
