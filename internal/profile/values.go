package profile

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/match"
)

const all = "*"

// oneOf checks that a field has one of its values.
func oneOf[T ~string](field string, value T, allowed ...T) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	var names []string
	for _, a := range allowed {
		if a != "" {
			names = append(names, string(a))
		}
	}
	return fmt.Errorf("spec.%s: %q is no value: use %s", field, value, strings.Join(names, " or "))
}

// asked reports whether a field that has one value besides none has it.
func asked[T ~string](field string, value, yes T) (bool, error) {
	return value == yes, oneOf(field, value, "", yes)
}

// listed checks a list of names: none is empty and none stands twice. An empty list
// allows nothing.
func listed(field string, names []string) error {
	if len(names) == 0 {
		return nil
	}
	return match.Names("spec."+field, names)
}

// permits reports whether a list of names holds the name or the star.
func permits(names []string, name string) bool {
	return slices.Contains(names, all) || slices.Contains(names, name)
}

// words lists what is allowed for people.
func words(names []string) string { return cmp.Or(strings.Join(names, ", "), "none") }

// span is a range of numbers, its ends included.
type span struct{ min, max int64 }

// spanOf checks a range within bounds.
func spanOf(field string, low, high *int64, bounds span) (span, error) {
	switch {
	case low == nil || high == nil:
		return span{}, fmt.Errorf("spec.%s: a range needs min and max", field)
	case *low > *high:
		return span{}, fmt.Errorf("spec.%s: min %d is above max %d: no number is in this range", field, *low, *high)
	case *low < bounds.min || *high > bounds.max:
		return span{}, fmt.Errorf("spec.%s: %d to %d is out of bounds: use numbers from %d to %d", field, *low, *high, bounds.min, bounds.max)
	}
	return span{*low, *high}, nil
}

type spans []span

func (s spans) hold(n int64) bool {
	return slices.ContainsFunc(s, func(r span) bool { return r.min <= n && n <= r.max })
}

func (s spans) String() string {
	var parts []string
	for _, r := range s {
		part := strconv.FormatInt(r.min, 10)
		if r.max > r.min {
			part += " to " + strconv.FormatInt(r.max, 10)
		}
		parts = append(parts, part)
	}
	return words(parts)
}

// idRule is a compiled rule about users or groups.
type idRule struct {
	must, nonRoot bool
	ranges        spans
}

// allowed says in words what the rule allows.
func (r *idRule) allowed() string {
	if r.must {
		return r.ranges.String()
	}
	return "undefined or " + r.ranges.String()
}

// idRuleOf checks a rule about IDs; nil if it allows everything.
func idRuleOf(field string, rule v1alpha1.Rule, ranges []v1alpha1.IDRange, allowed ...v1alpha1.Rule) (*idRule, error) {
	if err := oneOf(field+".rule", rule, allowed...); err != nil {
		return nil, err
	}
	to := &idRule{must: rule == v1alpha1.MustRunAs, nonRoot: rule == v1alpha1.MustRunAsNonRoot}
	for i, r := range ranges {
		s, err := spanOf(index(field+".ranges", i), r.Min, r.Max, span{0, 1<<31 - 1})
		if err != nil {
			return nil, err
		}
		to.ranges = append(to.ranges, s)
	}
	if needs := to.must || rule == v1alpha1.MayRunAs; needs != (len(ranges) > 0) {
		if needs {
			return nil, fmt.Errorf("spec.%s: the rule %s needs ranges", field, rule)
		}
		return nil, fmt.Errorf("spec.%s: the rule %s has no ranges: remove them, or use MustRunAs", field, rule)
	}
	if rule == v1alpha1.RunAsAny {
		return nil, nil //nolint:nilnil // nothing is asked
	}
	return to, nil
}
