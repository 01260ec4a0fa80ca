package admission

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gabion-security/gabion/pss"
)

// The API server copies the values of pods into messages, warnings and audit
// annotations as they are. Some are free text (capabilities, SELinux types,
// hosts of probes): they may hold quotes and newlines that make a message say
// what is not so, control characters, for which the API server silently drops a
// warning, or megabytes. So every value goes through printable first. Ordinary
// values come out as they are, and then the texts are the API server's own.
const (
	maxValue    = 256  // runes of a value
	maxSentence = 1024 // runes of an error's text

	// What sentences may be about, each of which names the pod's containers
	// again: texts in bytes, and items.
	maxTexts = 64 << 10
	maxItems = 4096
)

// printable returns the value with quotes, backslashes and all that is not
// printable escaped as in a Go string, and cut to 256 runes.
func printable(s string) string {
	if ordinary(s) {
		return s
	}
	return escape(s, maxValue, `"\`)
}

// sentence is printable for the text of an error, which may be longer and in
// which quotes are rightly found.
func sentence(s string) string {
	return escape(s, maxSentence, "")
}

// quote quotes a value as strconv.Quote does, which escapes, and cuts it to 256
// runes.
func quote(s string) string { return strconv.Quote(cut(s)) }

// ordinary reports whether a value may stand in a text as it is.
func ordinary(s string) bool {
	if len(s) > utf8.UTFMax*maxValue || len(s) > maxValue && utf8.RuneCountInString(s) > maxValue {
		return false // without going over megabytes
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return c >= utf8.RuneSelf && escape(s, maxValue, `"\`) == s
		}
	}
	return true
}

// escape escapes what is not printable, and the characters in special. What
// would be longer than limit runes ends in an ellipsis.
func escape(s string, limit int, special string) string {
	var b strings.Builder
	runes, fits := 0, 0 // fits is how much of b leaves room for the ellipsis
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		piece := s[i : i+n]
		if r == utf8.RuneError && n == 1 || !strconv.IsPrint(r) || strings.ContainsRune(special, r) {
			quoted := strconv.Quote(piece)
			piece = quoted[1 : len(quoted)-1]
		}
		i += n
		runes += utf8.RuneCountInString(piece)
		if runes > limit {
			return b.String()[:fits] + "…"
		}
		b.WriteString(piece)
		if runes < limit {
			fits = b.Len()
		}
	}
	return b.String()
}

// cut returns at most 256 runes of a value.
func cut(s string) string {
	if len(s) <= maxValue {
		return s
	}
	runes, end := 0, 0
	for i := range s {
		switch runes {
		case maxValue - 1:
			end = i
		case maxValue:
			return s[:end] + "…"
		}
		runes++
	}
	return s
}

// cutValues cuts the values of labels; they are escaped where they are printed.
func cutValues(errs pss.LabelErrors) pss.LabelErrors {
	errs = slices.Clone(errs)
	for i := range errs {
		errs[i].Value = cut(errs[i].Value)
	}
	return errs
}

// detail returns what the pod violates, in the API server's words with every
// value printable. A pod of which there would be too much to say, as there is of
// none that a kubelet could run, gets no details.
func detail(e pss.Evaluator, verdict pss.Verdict, pod *pss.Pod) string {
	if items(pod) > maxItems {
		return verdict.Reason()
	}
	odd, size := false, 0
	eachText(pod,
		func(s *string) { odd, size = odd || !ordinary(*s), size+len(*s) },
		func(s *string) { odd, size = odd || cut(*s) != *s, size+len(*s) })
	if !odd && size <= maxTexts {
		return verdict.Detail()
	}
	shown := clone(pod)
	size = 0
	eachText(shown,
		func(s *string) { *s = printable(*s); size += len(*s) },
		func(s *string) { *s = cut(*s); size += len(*s) })
	if size > maxTexts {
		return verdict.Reason()
	}
	again, err := e.Evaluate(shown, verdict.Policy())
	if err == nil {
		again = again.Except(coveredIn(e, verdict, pod))
	}
	if err != nil || !slices.Equal(again.Failed(), verdict.Failed()) {
		// No value that is allowed or refused for what it says is odd, so this
		// is not expected; what matters is that the verdict stays.
		return sentence(verdict.Detail())
	}
	return again.Detail()
}

// coveredIn returns what is excepted in a verdict on a pod, for the verdict on a copy
// of the pod, which exceptions would not know again.
func coveredIn(e pss.Evaluator, verdict pss.Verdict, pod *pss.Pod) func(pss.ID, pss.Finding) bool {
	type place struct {
		control pss.ID
		path    string
	}
	covered := map[place]bool{}
	all, err := e.Evaluate(pod, verdict.Policy())
	if err == nil {
		for _, v := range all.Violations() {
			for _, f := range v.Findings {
				covered[place{v.Control, f.Path()}] = true
			}
		}
		for _, v := range verdict.Violations() {
			for _, f := range v.Findings {
				delete(covered, place{v.Control, f.Path()})
			}
		}
	}
	return func(id pss.ID, f pss.Finding) bool { return covered[place{id, f.Path()}] }
}

// items counts what a pod has of everything that sentences go through.
func items(p *pss.Pod) int {
	n := len(p.Annotations) + len(p.Sysctls) + len(p.Volumes) + len(p.Containers)
	for i := range p.Containers {
		c := &p.Containers[i]
		n += len(c.AddedCapabilities) + len(c.DroppedCapabilities) + len(c.HostPorts) + len(c.Hosts)
	}
	return n
}

// eachText visits every text of a pod that a message may show; quoted visits
// those that messages show escaped already.
func eachText(p *pss.Pod, plain, quoted func(*string)) {
	for i := range p.Annotations {
		plain(&p.Annotations[i].Key)
		quoted(&p.Annotations[i].Value)
	}
	plain(&p.OS)
	eachContextText(&p.SecurityContext, plain)
	eachOf(p.Sysctls, plain)
	for i := range p.Volumes {
		plain(&p.Volumes[i].Name)
	}
	for i := range p.Containers {
		c := &p.Containers[i]
		plain(&c.Name)
		eachContextText(&c.SecurityContext, plain)
		plain(&c.ProcMount.Value)
		eachOf(c.AddedCapabilities, plain)
		eachOf(c.DroppedCapabilities, plain)
		for j := range c.Hosts {
			plain(&c.Hosts[j].Value)
		}
	}
}

func eachContextText(sc *pss.SecurityContext, visit func(*string)) {
	visit(&sc.SeccompProfile.Value)
	visit(&sc.AppArmorProfile.Value)
	visit(&sc.SELinux.Type)
	visit(&sc.SELinux.User)
	visit(&sc.SELinux.Role)
}

func eachOf(texts []string, visit func(*string)) {
	for i := range texts {
		visit(&texts[i])
	}
}

// clone copies a pod with everything that eachText visits.
func clone(p *pss.Pod) *pss.Pod {
	c := *p
	c.Annotations = slices.Clone(p.Annotations)
	c.Sysctls = slices.Clone(p.Sysctls)
	c.Volumes = slices.Clone(p.Volumes)
	c.Containers = slices.Clone(p.Containers)
	for i := range c.Containers {
		x := &c.Containers[i]
		x.AddedCapabilities = slices.Clone(x.AddedCapabilities)
		x.DroppedCapabilities = slices.Clone(x.DroppedCapabilities)
		x.Hosts = slices.Clone(x.Hosts)
	}
	return &c
}
