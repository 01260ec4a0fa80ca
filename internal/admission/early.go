package admission

import (
	"context"
	"crypto/sha256"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// maxEarly is how many policies and templates a decision about a workload names.
const maxEarly = 8

// early is what becomes of a decision about a workload if its pods would be
// refused. Users' exemptions do not count: a controller makes the pods. What cannot
// be found or read is nobody's business here, for pods are judged when they are
// made.
func (r *review) early(ctx context.Context, d Decision) Decision {
	if r.podGuards == nil || r.req.Subresource != "" || r.req.Operation != Create && r.req.Operation != Update ||
		r.config.Exemptions.Namespace(r.req.Namespace) {
		return d
	}
	labels, err := r.namespaces.Labels(ctx, r.req.Namespace)
	if err != nil {
		return d
	}
	guarding := r.podGuards(r.req.Namespace, labels)
	policy, _ := pss.PolicyFromLabels(labels, r.config.Defaults)
	if guarding.Workloads == EarlySilent || policy.Enforce.Level == pss.Privileged && !guarding.asks() {
		return d
	}
	v := view{review: r, policy: policy.Enforce, guarding: guarding, reader: r.reader}
	if r.exceptions != nil {
		v.except = r.exceptions(r.req.Namespace, labels)
	}
	v.extra = v.except != nil || len(guarding.Profiles) > 0
	switch {
	case isCustom(r.req.Group):
		v.reader = r.custom
	case v.extra:
		v.reader = r.whole
	}
	texts := v.refused(ctx)
	if len(texts) == 0 || ctx.Err() != nil {
		return d
	}
	if guarding.Workloads == EarlyDeny {
		return forbidWorkload(&r.req, d, texts, guarding.By)
	}
	warnings := make([]string, 0, len(texts)+len(d.Warnings))
	for _, text := range texts {
		warnings = append(warnings, "the pods of this "+printable(r.req.Kind)+" will be REJECTED by "+text)
	}
	d.Warnings = append(warnings, d.Warnings...)
	return d
}

// view is a workload as it is judged by what its pods will have to meet.
type view struct {
	*review

	policy   pss.LevelVersion
	guarding PodGuarding
	except   Except // nil if nothing is excepted
	extra    bool   // whether anybody looks at more than the standard does
	reader   *workload.Reader
}

// refused says what the workload's pods will be refused for; nothing if they pass,
// or if that is not worth saying: the object is another one's, whose templates were
// judged, it is being deleted, or its templates are as they were.
func (v *view) refused(ctx context.Context) []string {
	item := v.req.object().item(v.reader)
	if item.Outcome != workload.Read || v.custom.Knows(item.Controller.APIVersion, item.Controller.Kind) {
		return nil
	}
	var texts []string
	for i := range item.Templates {
		if len(texts) >= maxEarly && !v.extra {
			break // nothing of what follows is told of, compared or used
		}
		texts = keep(texts, v.template(ctx, &item.Templates[i]))
	}
	if len(texts) == 0 || v.req.Operation == Update && (terminating(v.req.OldObject) || v.unchanged(ctx, item.Templates, texts)) {
		return nil
	}
	return texts[:min(len(texts), maxEarly)]
}

// keep adds texts to others. Those that are only compared are kept by their sums: an
// object may have very many.
func keep(texts, more []string) []string {
	for _, text := range more {
		if len(texts) >= maxEarly {
			sum := sha256.Sum256([]byte(text))
			text = string(sum[:])
		}
		texts = append(texts, text)
	}
	return texts
}

// template says what the pods of a template will be refused for.
func (v *view) template(ctx context.Context, t *workload.Template) []string {
	if v.config.Exemptions.RuntimeClass(t.RuntimeClass) {
		return nil
	}
	j := judging{Subject: subjectOf(t), asked: true, except: v.except}
	defer func() { v.uses = merge(v.uses, j.uses) }()
	var texts []string
	for _, refused := range v.refusals(ctx, &j, v.judgePod(ctx, &j, v.policy, ModeEnforce), &v.guarding) {
		if t.Partial && !refused.stated() {
			continue
		}
		what := refused.detail
		if len(refused.violations) > 0 {
			what = found(refused.violations, t.FullPath)
		}
		texts = append(texts, refused.by+", before sidecars are injected: "+what)
	}
	return texts
}

// stated leaves only what the pod states: what is missing in a template may be added
// by whoever makes pods of it. It reports whether there is anything left.
func (f *refusal) stated() bool {
	var left []Violation
	for _, violation := range f.violations {
		stated := Violation{Control: violation.Control, Reason: violation.Reason}
		for _, finding := range violation.Findings {
			if finding.Explicit {
				stated.Findings = append(stated.Findings, finding)
			}
		}
		if len(stated.Findings) > 0 {
			left = append(left, stated)
		}
	}
	f.violations = left
	return len(left) > 0
}

// unchanged reports whether an update leaves all that is looked at as it was. Of
// what only exceptions and profiles look at, that is so if the pods were refused for
// the same before.
func (v *view) unchanged(ctx context.Context, now []workload.Template, texts []string) bool {
	old := v.req.oldObject().item(v.reader)
	if old.Outcome != workload.Read || len(old.Templates) != len(now) {
		return false
	}
	same := true
	var were []string
	for i := range now {
		t, before := &now[i], &old.Templates[i]
		if t.Path != before.Path || t.RuntimeClass != before.RuntimeClass || !reflect.DeepEqual(&t.Pod, &before.Pod) {
			return false
		}
		same = same && (!v.extra || reflect.DeepEqual(t.Extra, before.Extra))
	}
	if same {
		return true
	}
	for i := range old.Templates {
		were = keep(were, v.template(ctx, &old.Templates[i]))
	}
	return slices.Equal(texts, were)
}

// forbidWorkload refuses a workload, whose decision was another one so far.
func forbidWorkload(req *Request, d Decision, texts []string, by string) Decision {
	resource := printable(req.Resource)
	if req.Group != "" {
		resource += "." + printable(req.Group)
	}
	if req.Name != "" {
		resource += " " + quote(req.Name)
	}
	d.Allowed, d.Code, d.Reason = false, http.StatusForbidden, reasonForbidden
	d.Message = resource + " is forbidden: its pods would be REJECTED by " + strings.Join(texts, "; and by ") + " (workloads: deny, " + by + ")"
	d.Details = Details{Group: req.Group, Kind: req.Resource, Name: req.Name}
	return d
}
