package admission

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// Exceptions returns what is excepted for the pods of a namespace at this moment,
// nil if that is nothing.
type Exceptions func(namespace string, labels map[string]string) Except

// Except returns the verdict on a pod without what is excepted in a mode, and the
// exceptions that covered something of it.
type Except func(s Subject, mode string, v pss.Verdict) (pss.Verdict, []Use)

// Subject is a pod as exceptions look at it. It is only read.
type Subject struct {
	Pod *pss.Pod
	// Extra is what is known of the pod beyond that. Without it, nothing is
	// excepted.
	Extra        *workload.Extra
	RuntimeClass string
}

// Use is an exception that covers something.
type Use struct {
	// Exception is its name.
	Exception string
	// Controls are those of which it covers something.
	Controls []string
	// Ends is when it ends, if that is soon; else it is zero.
	Ends time.Time
}

// maxUses is how many exceptions a decision names.
const maxUses = 16

// judging is the pod of a request while it is judged in each mode.
type judging struct {
	Subject

	path   string // of its template, if the object has several
	asked  bool   // whether except is known
	except Except // nil if nothing is excepted
	uses   []Use  // in all modes
}

// excepting reports whether something may be excepted for the pod; it then has its
// Extra. That is asked only once a pod fails: those that pass cost nothing. A pod
// that cannot be read again, or reads as another one, has no exceptions.
func (r *review) excepting(j *judging) bool {
	if j.asked || r.exceptions == nil {
		return j.except != nil
	}
	j.asked = true
	except := r.exceptions(r.req.Namespace, r.labels)
	if except == nil {
		return false
	}
	if j.Extra == nil {
		o, err := read(r.whole, r.req.object())
		if err != nil || o.template == nil || o.template.RuntimeClass != j.RuntimeClass || !reflect.DeepEqual(&o.template.Pod, j.Pod) {
			return false
		}
		j.Subject = subjectOf(o.template)
	}
	j.except = except
	return true
}

func subjectOf(t *workload.Template) Subject {
	return Subject{Pod: &t.Pod, Extra: t.Extra, RuntimeClass: t.RuntimeClass}
}

// without leaves out of a verdict what is excepted in a mode, and notes by what.
func (r *review) without(j *judging, mode string, v pss.Verdict) pss.Verdict {
	left, uses := j.except(j.Subject, mode, v)
	r.used(j, uses, mode)
	return left
}

// used notes what was used in a mode.
func (r *review) used(j *judging, uses []Use, mode string) {
	for _, u := range uses {
		r.recorder.RecordException(u.Exception, mode)
	}
	j.uses = merge(j.uses, uses)
}

// usesOf returns the exceptions that were used for any of the pods.
func usesOf(pods []judging) []Use {
	uses := pods[0].uses
	for i := range pods[1:] {
		uses = merge(uses, pods[i+1].uses)
	}
	return uses
}

// merge adds uses to others, each exception once.
func merge(all, more []Use) []Use {
	for _, u := range more {
		i := slices.IndexFunc(all, func(known Use) bool { return known.Exception == u.Exception })
		if i < 0 {
			u.Controls = slices.Clone(u.Controls)
			all = append(all, u)
			continue
		}
		for _, control := range u.Controls {
			if !slices.Contains(all[i].Controls, control) {
				all[i].Controls = append(all[i].Controls, control)
			}
		}
	}
	return all
}

// tell says in a decision which exceptions were used for it, and warns of those
// that end soon, if what is asked for passes. What passes is named.
func (d *Decision) tell(uses []Use, what string) {
	if len(uses) == 0 {
		return
	}
	var text strings.Builder
	for i, u := range uses {
		if i == maxUses {
			text.WriteString("; and " + strconv.Itoa(len(uses)-i) + " more")
			break
		}
		if i > 0 {
			text.WriteString("; ")
		}
		text.WriteString(quote(u.Exception) + ": " + strings.Join(u.Controls, ", "))
		if d.Allowed && !u.Ends.IsZero() {
			d.Warnings = append(d.Warnings,
				"exception "+quote(u.Exception)+", which lets "+what+" pass, ends on "+u.Ends.UTC().Format(time.RFC3339))
		}
	}
	d.annotate(ExceptionsKey, text.String())
}
