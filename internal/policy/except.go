package policy

import (
	"time"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/exception"
	"github.com/gabion-security/gabion/pss"
)

// Excepts returns what a set of exceptions excepts, by a clock; nil if there are
// none. What has ended when a request is looked at excepts nothing.
func Excepts(set *exception.Set, now func() time.Time) admission.Exceptions {
	if len(set.All()) == 0 {
		return nil
	}
	return func(namespace string, labels map[string]string) admission.Except {
		if !set.Any(namespace, labels) {
			return nil
		}
		at := now()
		return func(s admission.Subject, mode string, v pss.Verdict) (pss.Verdict, []admission.Use) {
			match := set.For(exception.Pod{
				Namespace: namespace, NamespaceLabels: labels, Pod: s.Pod, Extra: s.Extra, RuntimeClass: s.RuntimeClass,
			}, v1alpha1.Mode(mode), at)
			left, used := match.Except(v)
			return left, usesOf(used, at)
		}
	}
}

// usesOf maps what was used at a moment.
func usesOf(used []exception.Use, at time.Time) []admission.Use {
	var uses []admission.Use
	for _, u := range used {
		use := admission.Use{Exception: u.Exception.Name, Controls: u.Controls}
		if u.Exception.ExpiresSoon(at) {
			use.Ends, _ = u.Exception.Expires()
		}
		uses = append(uses, use)
	}
	return uses
}
