package admission

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gabion-security/gabion/pss"
)

// group is the pods of a namespace that violate a policy in the same way.
type group struct {
	first string // the lexically smallest name
	count int
}

// sweep judges all pods of a namespace by what it is to enforce, and returns
// warnings about those that violate it, and the exceptions that were used. It
// stops when four fifths of the time that the request has left are over, so that
// its answer still arrives.
func (r *review) sweep(ctx context.Context, ns *object, policy pss.LevelVersion) ([]string, []Use) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)*4/5)
		defer cancel()
	}
	pods, err := r.pods.Pods(ctx, ns.name)
	if err != nil {
		return []string{"failed to list pods while checking new PodSecurity enforce level"}, nil
	}
	pods = slices.DeleteFunc(pods, func(p ExistingPod) bool { return r.config.Exemptions.RuntimeClass(p.RuntimeClass) })

	var except Except
	if r.exceptions != nil {
		except = r.exceptions(ns.name, ns.labels)
	}
	var uses []Use
	groups := map[string]*group{}
	checked := 0
	for _, same := range alike(pods) {
		reason, used := r.reason(same.subject, policy, except)
		uses = merge(uses, used)
		if reason != "" {
			add(groups, reason, same.group)
		}
		checked += same.count
		if ctx.Err() != nil {
			break
		}
	}

	var warnings []string
	if checked < len(pods) {
		warnings = append(warnings, fmt.Sprintf(
			"new PodSecurity enforce level only checked against the first %d of %d existing pods", checked, len(pods)))
	}
	if len(groups) > 0 {
		warnings = append(warnings, "existing pods in namespace "+quote(ns.name)+
			` violate the new PodSecurity enforce level "`+policy.String()+`"`)
	}
	return append(warnings, lines(groups)...), uses
}

// reason says what a pod violates, without details, and what was excepted of it;
// it is empty if the pod is allowed.
func (r *review) reason(s Subject, policy pss.LevelVersion, except Except) (string, []Use) {
	verdict, err := r.evaluator.Evaluate(s.Pod, policy)
	if err != nil {
		return sentence(err.Error()), nil
	}
	var uses []Use
	if except != nil && s.Extra != nil && !verdict.Allowed() {
		verdict, uses = except(s, ModeEnforce, verdict)
	}
	return verdict.Reason(), uses
}

// copies are pods that are judged as one.
type copies struct {
	subject Subject
	group
}

// alike puts pods together that share a view, in the order of their first names.
// There are far fewer views than pods.
func alike(pods []ExistingPod) []copies {
	var all []copies
	index := map[Subject]int{}
	for _, p := range pods {
		subject := Subject{Pod: p.Pod, Extra: p.Extra, RuntimeClass: p.RuntimeClass}
		i, ok := index[subject]
		if !ok {
			i = len(all)
			index[subject] = i
			all = append(all, copies{subject, group{first: p.Name}})
		}
		all[i].first = min(all[i].first, p.Name)
		all[i].count++
	}
	slices.SortFunc(all, func(a, b copies) int { return strings.Compare(a.first, b.first) })
	return all
}

// add counts pods among those of their reason. They come sorted by name.
func add(groups map[string]*group, reason string, more group) {
	g := groups[reason]
	if g == nil {
		groups[reason] = &more
		return
	}
	g.count += more.count
}

// lines returns a line for each group, sorted.
func lines(groups map[string]*group) []string {
	all := make([]string, 0, len(groups))
	for reason, g := range groups {
		others := ""
		switch n := g.count - 1; n {
		case 0:
		case 1:
			others = " (and 1 other pod)"
		default:
			others = " (and " + strconv.Itoa(n) + " other pods)"
		}
		all = append(all, printable(g.first)+others+": "+reason)
	}
	slices.Sort(all)
	return all
}
