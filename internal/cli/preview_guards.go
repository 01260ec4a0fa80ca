package cli

import (
	"fmt"
	"strings"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/exception"
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/preview"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
)

// besideLabels reports what pods of a namespace have to meet by guards once the change
// is made, and which of them do not.
func (o *previewOptions) besideLabels(
	s *survey, row *report.PreviewNamespace, space *inventory.Namespace, labels map[string]string, e pss.Evaluator, uses *[]exception.Use,
) {
	ns := s.namespace(space)
	if ns.Exempt || o.by != nil { // what a profile asks nobody else does
		return
	}
	defaults := o.config.Defaults
	if o.defaults != "" {
		defaults = o.planned.Defaults
	}
	enforced, _ := pss.PolicyFromLabels(labels, defaults)
	asked := o.counting.beside(ns.Name, labels)
	for _, text := range asked.Beside(enforced.Enforce) {
		s.say(row, report.GuardNotes, text)
	}
	ns.Except = o.counting.excepting().forPreview(ns.Name, labels, uses)
	for _, f := range asked.Floors {
		if f.Policy == enforced.Enforce {
			continue
		}
		s.refusedBeside(row, &ns, f.String(), func(p *preview.Pod) (bool, error) {
			verdict, err := e.Evaluate(p.Pod, f.Policy)
			if err == nil && !verdict.Allowed() && ns.Except != nil {
				verdict = ns.Except(p, verdict)
			}
			return verdict.Allowed(), err
		})
	}
	for _, p := range asked.Profiles {
		if p.Judge == nil {
			s.refused = s.refused || len(ns.Pods)+len(ns.Templates) > 0
			continue // that no pod meets it is said
		}
		s.refusedBeside(row, &ns, p.String(), func(pod *preview.Pod) (bool, error) {
			violations, _, err := p.Judge(e, admission.Subject{Pod: pod.Pod, Extra: pod.Extra, RuntimeClass: pod.RuntimeClass})
			return len(violations) == 0, err
		})
	}
}

// refusedBeside reports which pods and workloads of a namespace are refused beside the
// labels, if any are.
func (s *survey) refusedBeside(row *report.PreviewNamespace, ns *preview.Namespace, by string, meets func(*preview.Pod) (bool, error)) {
	for _, of := range []struct {
		noun string
		pods []preview.Pod
	}{{"pod", ns.Pods}, {"workload", ns.Templates}} {
		var refused, unjudged []string
		for i := range of.pods {
			ok, err := meets(&of.pods[i])
			switch {
			case err != nil:
				unjudged = append(unjudged, of.pods[i].Name)
			case !ok:
				refused = append(refused, of.pods[i].Name)
			}
		}
		if len(refused) > 0 {
			s.refused = true
			s.say(row, report.GuardNotes, plural(len(refused), of.noun)+" would be refused by "+by+": "+few(refused))
		}
		if len(unjudged) > 0 {
			s.denied = true
			s.say(row, report.GuardNotes, plural(len(unjudged), of.noun)+" could not be judged by "+by+": "+few(unjudged))
		}
	}
}

// few lists names, of many only the first.
func few(names []string) string {
	const most = 10
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
}

// say reports what guards say.
func (s *survey) say(row *report.PreviewNamespace, action, text string) {
	row.Guards = append(row.Guards, report.PreviewGuard{Action: action, Text: text})
}
