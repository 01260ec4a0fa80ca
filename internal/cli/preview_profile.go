package cli

import (
	"fmt"

	"github.com/gabion-security/gabion/internal/preview"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// previewProfile previews the profile for one namespace.
func (o *previewOptions) previewProfile(s *survey, ns *preview.Namespace, e pss.Evaluator) error {
	outcome, err := preview.Profile(*ns, o.by.Name(), func(p *preview.Pod) (preview.Judgement, error) {
		verdict, err := o.by.Evaluate(e, &workload.Template{Pod: *p.Pod, RuntimeClass: p.RuntimeClass, Extra: p.Extra})
		if err != nil || verdict.Allowed() {
			return preview.Judgement{}, err
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
		return fmt.Errorf("previewing namespace %q: %w", ns.Name, err)
	}
	row := s.add(outcome, ns)
	row.From, row.To, row.Profile = "", o.by.Base().String(), o.by.Name()
	return nil
}
