package cli

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/preview"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// ask has the API server judge the namespaces.
func (o *previewOptions) ask(ctx context.Context, s *survey, spaces []*inventory.Namespace, e pss.Evaluator) error {
	ctx, stop := o.system.carefully(ctx)
	defer stop()
	config, err := o.source.connection.config()
	if err != nil {
		return err
	}
	asker, err := cluster.NewAsker(config)
	if err != nil {
		return err
	}
	defer s.input.console.clear()
	for i, space := range spaces {
		s.input.console.list(cluster.Progress{Resource: "namespaces asked about", Done: i, Total: len(spaces)})
		err := o.askNamespace(ctx, asker, s, space, e)
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted after %d of %d namespaces: nothing was changed, and the rest was not asked about", i, len(spaces))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// askNamespace has the API server judge one namespace.
func (o *previewOptions) askNamespace(ctx context.Context, a *cluster.Asker, s *survey, space *inventory.Namespace, e pss.Evaluator) error {
	ns := s.namespace(space)
	change := o.change()
	answer, err := a.Label(ctx, ns.Name, change.Labels())
	if err != nil {
		return err
	}
	// What is not the API server's to say is worked out here: the policies, and
	// whether the labels stand already.
	own := ns
	own.Pods, own.Templates = nil, nil
	outcome, err := preview.Label(e, own, change)
	if err != nil {
		return fmt.Errorf("previewing namespace %q: %w", ns.Name, err)
	}
	outcome.Denied, outcome.Warnings = nil, answer.Warnings
	outcome.Pods = groupsIn(answer.Warnings)
	var unasked []string
	if o.templates && outcome.Evaluated && answer.Denied == "" {
		judged, missed, err := o.askTemplates(ctx, a, space, e, change)
		if err != nil {
			return err
		}
		outcome.Templates, unasked = judged.Templates, missed
	}
	row := s.add(outcome, &ns)
	if answer.Denied != "" {
		row.Labeled = false
		s.deny(row, answer.Denied)
	}
	if answer.Unasked != "" {
		row.Labeled = false
		unasked = append(unasked, "the labels could not be asked about: "+answer.Unasked)
	}
	for _, line := range unasked {
		s.input.console.line(report.EscapeSentence("namespace " + ns.Name + ": " + line))
	}
	row.Unasked = unasked
	return nil
}

// askTemplates asks what a pod of each template would be, and judges that.
func (o *previewOptions) askTemplates(
	ctx context.Context, a *cluster.Asker, space *inventory.Namespace, e pss.Evaluator, change preview.Change,
) (judged preview.Outcome, unasked []string, err error) {
	ns := preview.Namespace{Name: space.Name, Labels: space.Labels}
	refused := map[string]string{} // why, by name
	for _, w := range space.Workloads {
		of := workload.Object{APIVersion: w.APIVersion, Kind: w.Kind, Namespace: space.Name, Name: w.Name}
		for i := range w.Templates {
			t := &w.Templates[i]
			name := templateName(space.Name, w, t)
			stored, answer, err := a.Pod(ctx, space.Name, of, t.Path)
			switch {
			case err != nil:
				return judged, nil, err
			case stored != nil:
				ns.Templates = append(ns.Templates, preview.Pod{Name: name, Pod: &stored.Pod})
			case answer.Denied != "":
				// It is refused as things stand. There is no pod to judge, so the
				// template is.
				ns.Templates = append(ns.Templates, preview.Pod{Name: name, Pod: &t.View.Pod})
				_, refused[name], _ = strings.Cut(answer.Denied, `": `)
			default:
				unasked = append(unasked, name+" could not be asked about: "+answer.Unasked)
			}
		}
	}
	judged, err = preview.Label(e, ns, change)
	for i := range judged.Templates {
		for _, name := range judged.Templates[i].Names {
			delete(refused, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(refused)) { // for what is injected
		judged.Templates = append(judged.Templates, preview.Group{Reason: refused[name], Names: []string{name}})
	}
	return judged, unasked, err
}

// warnedOf is how the API server warns of pods.
var warnedOf = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(\S+)(?: \(and \d+ other pods?\))?: (.+)$`)
})

// groupsIn returns the groups of pods in the API server's warnings, of which it
// names one pod each.
func groupsIn(warnings []string) (groups []preview.Group) {
	after := false
	for _, warning := range warnings {
		if strings.HasPrefix(warning, "existing pods in namespace ") && strings.Contains(warning, " violate the new PodSecurity enforce level ") {
			after = true
			continue
		}
		if found := warnedOf().FindStringSubmatch(warning); after && found != nil {
			groups = append(groups, preview.Group{Reason: found[2], Names: []string{found[1]}})
		}
	}
	return groups
}
