package server

import (
	"maps"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/guard"
	"github.com/gabion-security/gabion/internal/metrics"
	"github.com/gabion-security/gabion/internal/policy"
)

// standing says whether a document that is an object counts, and if not why.
type standing struct {
	reason, message string
	ends            time.Time // of an exception; zero if it never does
	generation      int64     // that was read
}

// standings say that of all.
type standings map[metrics.Document]standing

// standingOf is how a document stands by itself, with what is wrong with it.
func standingOf(kind string, err error, ends time.Time) standing {
	s := standing{reason: v1alpha1.ReasonInForce, message: "It counts.", ends: ends}
	if err == nil {
		return s
	}
	s.reason, s.message = v1alpha1.ReasonInvalid, "It cannot be read, and what it was before counts, if it was anything: "+err.Error()
	if kind == v1alpha1.KindPodSecurityException {
		s.message = "It cannot be read, and is none: " + err.Error()
	}
	return s
}

// standingsOf is how documents of these generations stand by themselves.
func standingsOf(read map[metrics.Document]policy.Reading, generations map[metrics.Document]int64) standings {
	all := standings{}
	for at, r := range read {
		s := standingOf(at.Kind, r.Err, r.Ends)
		s.generation = generations[at]
		all[at] = s
	}
	return all
}

// among returns how documents stand among those of a folder, as policies.
func (all standings) among(folder, p policy.Set) standings {
	among := maps.Clone(all)
	note := func(at metrics.Document, reason, message string) {
		if s, ok := among[at]; ok && s.reason == v1alpha1.ReasonInForce {
			s.reason, s.message = reason, message
			among[at] = s
		}
	}
	for _, at := range p.Taken {
		note(at, v1alpha1.ReasonNameTaken, "Its name stands in the folder of policies, too, and none of them counts.")
	}
	for _, named := range p.Guards.Profiles() {
		if p.Profiles[named.Name] != nil {
			continue
		}
		for _, name := range named.Guards {
			own, renamed := strings.CutSuffix(name, policy.InObjects)
			inFolder := slices.ContainsFunc(folder.Each, func(g *guard.Guard) bool { return g.Name() == own })
			if renamed || !inFolder {
				note(metrics.Document{Kind: v1alpha1.KindPodSecurityGuard, Name: own}, v1alpha1.ReasonProfileMissing,
					"There is no PodSecurityProfile "+named.Name+", and pods are refused because of that.")
			}
		}
	}
	return among
}

// conditions are the conditions of a document at a moment, for a generation of it.
func (s standing) conditions(kind string, generation int64, now time.Time) []metav1.Condition {
	condition := func(what string, is bool, reason, message string) metav1.Condition {
		status := metav1.ConditionFalse
		if is {
			status = metav1.ConditionTrue
		}
		return metav1.Condition{Type: what, Status: status, Reason: reason, Message: cut(message), ObservedGeneration: generation, LastTransitionTime: metav1.NewTime(now)}
	}
	expired := !s.ends.IsZero() && !now.Before(s.ends)
	reason, message := s.reason, s.message
	if expired && reason == v1alpha1.ReasonInForce {
		reason, message = v1alpha1.ReasonExpired, "It has ended, and covers nothing any more."
	}
	all := []metav1.Condition{condition(v1alpha1.ConditionReady, reason == v1alpha1.ReasonInForce, reason, message)}
	switch {
	case kind != v1alpha1.KindPodSecurityException, reason == v1alpha1.ReasonInvalid: // it has no end that could be read
	case expired:
		all = append(all, condition(v1alpha1.ConditionExpired, true, v1alpha1.ReasonExpired, "It ended on "+s.ends.UTC().Format(time.RFC3339)+"."))
	case s.ends.IsZero():
		all = append(all, condition(v1alpha1.ConditionExpired, false, v1alpha1.ReasonNotExpired, "It has no end."))
	default:
		all = append(all, condition(v1alpha1.ConditionExpired, false, v1alpha1.ReasonNotExpired, "It ends on "+s.ends.UTC().Format(time.RFC3339)+"."))
	}
	return all
}

// cut returns as much of a message as is worth keeping.
func cut(message string) string {
	const most = 1024
	return strings.ToValidUTF8(message[:min(len(message), most)], "")
}
