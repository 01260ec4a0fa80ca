package guard

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// String says in one line what is weakened, what that lets in, and who guards it.
func (w Weakening) String() string {
	by := "PodSecurityGuard " + strings.Join(w.Guards, ", ")
	switch w.Kind {
	case Lowered:
		return w.lowered() + " (" + by + ")"
	case Left:
		return "with its new labels it is guarded no more (by " + by + ")"
	case Exempt:
		return "a namespace of this name is exempt from Pod Security (" + by + ")"
	case Excepted:
		return "it comes to be excepted by PodSecurityException " + strings.Join(w.Exceptions, ", ") + " (" + by + ")"
	case Spared:
		return "a namespace of this name is excepted by a guard (" + by + ")"
	case Loosened:
		return w.loosened() + " (" + by + ")"
	}
	return by
}

func (w Weakening) lowered() string {
	if w.WithEnforce {
		return string(w.Mode) + " goes with " + string(Enforce)
	}
	var b strings.Builder
	b.WriteString(string(w.Mode))
	switch {
	case w.Floor:
		b.WriteString(" is " + w.To.String() + ", less than the floor " + w.From.String())
	case w.New:
		b.WriteString(" is " + w.To.String() + ", less than the default " + w.From.String())
	default:
		b.WriteString(" goes from " + w.From.String() + " to " + w.To.String())
	}
	for i, l := range w.Labels {
		b.WriteString([]string{", by the label ", " and the label "}[min(i, 1)] + l.String())
	}
	b.WriteString(": " + map[Mode]string{
		Enforce: "pods are let in", AuditMode: "pods are not audited any more", WarnMode: "nobody is warned any more of pods",
	}[w.Mode])
	if w.To.Level == pss.Privileged {
		b.WriteString(", whatever they ask for")
	} else {
		b.WriteString(" that fail " + join(w.Controls))
	}
	if w.Floor {
		b.WriteString("; state " + strings.Join(statedBy(w.From), " and "))
	}
	return b.String()
}

// statedBy returns the labels by which a new namespace enforces a floor.
func statedBy(floor pss.LevelVersion) []string {
	stated := []string{pss.EnforceLabel + "=" + floor.Level.String()}
	if floor.Version != pss.Latest {
		stated = append(stated, pss.EnforceVersionLabel+"="+floor.Version.String())
	}
	return stated
}

func (w Weakening) loosened() string {
	var what []string
	if w.Alone {
		what = append(what, "ephemeralContainers goes from whole to alone")
	}
	if w.WorkloadsFrom != w.WorkloadsTo {
		what = append(what, "workloads goes from "+w.WorkloadsFrom.String()+" to "+w.WorkloadsTo.String())
	}
	return strings.Join(what, " and ") + ", because it comes to be guarded by PodSecurityGuard " + strings.Join(w.By, ", ")
}

// String returns the word for it in a document.
func (w Workloads) String() string {
	switch w {
	case WorkloadsOff:
		return string(v1alpha1.WorkloadsOff)
	case WorkloadsWarn:
		return string(v1alpha1.WorkloadsWarn)
	case WorkloadsDeny:
		return string(v1alpha1.WorkloadsDeny)
	}
	return ""
}

// String says what becomes of the label.
func (l Label) String() string {
	var what string
	switch {
	case !l.Is:
		return l.Key + " (" + quote(l.Before) + " is removed)"
	case !l.Was:
		what = quote(l.After) + " is new"
	default:
		what = quote(l.Before) + " becomes " + quote(l.After)
	}
	if l.Invalid {
		what += ", which is invalid"
	}
	return l.Key + " (" + what + ")"
}

// quote quotes a value, and cuts one that is too long for a label.
func quote(s string) string {
	const most = 64
	if len(s) > most {
		end := most
		for !utf8.RuneStart(s[end]) {
			end--
		}
		s = s[:end] + "…"
	}
	return strconv.Quote(s)
}

func join(ids []pss.ID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = string(id)
	}
	return strings.Join(texts, ", ")
}

// String says in one line what is relaxed.
func (r Relaxation) String() string {
	var b strings.Builder
	b.WriteString(string(r.Mode) + " goes from " + r.From.String() + " to " + r.To.String() +
		", and the newer version of the standard relaxes ")
	for i, c := range r.Controls {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(string(c.Control) + " (" + strings.TrimSuffix(strings.Join(c.Changes, " "), ".") + ")")
	}
	return b.String()
}
