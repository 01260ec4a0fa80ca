package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"math/rand/v2"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/internal/metrics"
)

// The status of each object is written by one replica at a time, which the API server
// elects: who wants to write has waited for a minute since the status was last seen to
// change, and says which version of the object that was. Of several, one is accepted;
// for the others that is a conflict, and a change that they see, so that they wait for
// their turn and keep what they have to say until then. So no replica need know of
// another one, none is missing when one ends, and no use is lost but those that the
// one that ended had not written.
const (
	// reportEvery is how often the status of an exception is written at most, for
	// one generation of it.
	reportEvery = time.Minute
	// standingEvery is the same for other documents, which change only as others do.
	standingEvery = 5 * time.Second
	// reportLooks is how often it is looked for something to write.
	reportLooks = time.Second
	// reportsAtOnce is how many objects are written then.
	reportsAtOnce = 50
)

// reporter writes how documents that are objects stand, and what exceptions are used
// for, into their status.
type reporter struct {
	objects   func() []cluster.Object
	standings func() standings
	uses      *uses
	// patch changes an object by a JSON merge patch.
	patch func(ctx context.Context, path string, patch any) error
	now   func() time.Time
	log   *slog.Logger

	// tried are the versions that were written about, or could not be, and until
	// when that is all that is known of them.
	tried map[metrics.Document]attempt
	// pausedUntil is when to begin again, if nobody may write.
	pausedUntil time.Time
	told        bool
}

type attempt struct {
	version string
	until   time.Time
	// turn is when this replica may write again: other replicas come before the one
	// that has written last.
	turn time.Time
}

// run writes until the context ends. Replicas that begin at once do not look at once.
func (r *reporter) run(ctx context.Context) {
	for ctx.Err() == nil {
		sleep(ctx, reportLooks/2+rand.N(reportLooks)) //nolint:gosec // nobody need not guess it
		r.look(ctx)
	}
}

// look writes what is to be written by now.
func (r *reporter) look(ctx context.Context) {
	if r.now().Before(r.pausedUntil) {
		return
	}
	all := r.objects()
	there, standings := map[string]bool{}, r.standings()
	maps.DeleteFunc(r.tried, func(at metrics.Document, _ attempt) bool { _, ok := standings[at]; return !ok })
	for _, o := range all {
		if o.Kind == v1alpha1.KindPodSecurityException {
			there[o.Name] = true
		}
	}
	r.uses.keep(there)
	left := reportsAtOnce
	for _, i := range rand.Perm(len(all)) { //nolint:gosec // not all replicas the same; nobody need not guess it
		at := metrics.Document{Kind: all[i].Kind, Name: all[i].Name}
		s, ok := standings[at]
		if !ok || all[i].Gone || ctx.Err() != nil || left == 0 || r.now().Before(r.pausedUntil) {
			continue
		}
		if r.report(ctx, &all[i], at, s) {
			left--
		}
	}
}

// report writes the status of an object, if there is something to write by now. It
// reports whether it has asked for that.
func (r *reporter) report(ctx context.Context, o *cluster.Object, at metrics.Document, s standing) bool {
	now := r.now()
	tried := r.tried[at]
	if tried.version == o.Version && now.Before(tried.until) || s.generation != o.Generation { // it is not read yet
		return false
	}
	var status v1alpha1.PodSecurityExceptionStatus // the others have some of it
	if json.Unmarshal(o.Status, &status) != nil {
		status = v1alpha1.PodSecurityExceptionStatus{} // whatever it was, it is ours
	}
	var used usage
	every := standingEvery
	if o.Kind == v1alpha1.KindPodSecurityException {
		used, every = r.uses.of(o.Name), reportEvery
	}
	conditions, changed := merged(status.Conditions, s.conditions(o.Kind, o.Generation, now))
	fresh := status.ObservedGeneration < o.Generation
	if !changed && !fresh && len(used) == 0 || !fresh && (now.Sub(o.StatusSince) < every || now.Before(tried.turn)) {
		return false
	}
	status.ObservedGeneration, status.Conditions = o.Generation, conditions
	used.onto(&status)
	err := r.write(ctx, o, status)
	if ctx.Err() != nil {
		return true
	}
	if r.tried == nil {
		r.tried = map[metrics.Document]attempt{}
	}
	tried.version, tried.until = o.Version, now.Add(reportEvery)
	defer func() { r.tried[at] = tried }()
	switch {
	case err == nil:
		r.told, tried.turn = false, now.Add(every+every/6)
		r.uses.written(o.Name, used)
	case apierrors.IsConflict(err), apierrors.IsNotFound(err): // it has changed; another one has written, or it is gone
	case apierrors.IsForbidden(err):
		r.pausedUntil = now.Add(reportEvery)
		r.tell(ctx, err)
	default:
		r.tell(ctx, err)
	}
	return true
}

// tell says that a status cannot be written, until one could be.
func (r *reporter) tell(ctx context.Context, err error) {
	if !r.told {
		r.log.LogAttrs(ctx, slog.LevelWarn, "the status of policies cannot be written", slog.String("error", err.Error()))
	}
	r.told = true
}

// write writes the status of a version of an object.
func (r *reporter) write(ctx context.Context, o *cluster.Object, status v1alpha1.PodSecurityExceptionStatus) error {
	path := "/apis/" + v1alpha1.GroupVersion().String() + "/" + strings.ToLower(o.Kind) + "s/" + o.Name + "/status"
	return r.patch(ctx, path, map[string]any{
		"metadata": map[string]any{"resourceVersion": o.Version}, "status": status,
	})
}

// merged returns the conditions that are wanted, with the times of those that have
// not changed, and whether they say something else than those that there are.
func merged(have, want []metav1.Condition) (all []metav1.Condition, changed bool) {
	changed = len(have) != len(want)
	for _, w := range want {
		known := false
		for _, h := range have {
			if h.Type != w.Type {
				continue
			}
			if h.Status == w.Status {
				w.LastTransitionTime = h.LastTransitionTime
			}
			known = h == w
		}
		changed = changed || !known
		all = append(all, w)
	}
	return all, changed
}

// reported returns where uses of exceptions are kept for their status; nil if they
// have none.
func (s *server) reported() admission.UsesLog {
	if s.objects == nil {
		return nil
	}
	s.uses = newUses(time.Now)
	return s.uses
}

// report writes the status of objects until the context ends.
func (s *server) report(ctx context.Context) {
	r := reporter{
		objects: s.objects.All, standings: s.composed.standings, uses: s.uses, now: time.Now, log: s.log,
		patch: func(ctx context.Context, path string, patch any) error {
			return s.reporting.Merge(ctx, path, patch, nil)
		},
	}
	r.run(ctx)
}
