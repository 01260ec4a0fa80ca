package server

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/internal/exception"
	"github.com/gabion-security/gabion/pss"
)

const (
	// builtinLooks is how often exceptions are held against the labels.
	builtinLooks = 15 * time.Second
	// builtinAsks is how often the plugin is asked about. API servers have to be
	// started anew to switch it.
	builtinAsks = 10 * time.Minute
	// builtinAsksAgain is the same while nothing is known, for the first time: the
	// right to ask may be on its way. Each further time takes twice as long.
	builtinAsksAgain = 15 * time.Second
	// builtinWithin is how long an answer may take.
	builtinWithin = 10 * time.Second
)

// builtinWatch finds out whether the API server's own PodSecurity plugin is on, and
// names the exceptions that labels still forbid then. While there are no exceptions
// nobody is asked. It decides nothing.
type builtinWatch struct {
	ask        func(context.Context) (cluster.Plugin, error)
	namespaces func() (map[string]map[string]string, error)
	tell       func(state string, forbidden []string)
	now        func() time.Time
	where      string // the namespace that is asked about
	log        *slog.Logger

	exceptions atomic.Pointer[exception.Set]
	changed    chan struct{}

	// What is known belongs to run.
	plugin cluster.Plugin
	asked  time.Time // zero if never
	vainly int       // how often in a row nothing was learned
	said   string    // of the plugin
	named  map[string]string
}

// newBuiltinWatch returns a watch that asks in Gabion's own namespace, where it may,
// or else in one that every cluster has.
func newBuiltinWatch(s *server) *builtinWatch {
	where := "default"
	for _, own := range []string{s.o.Secret.Namespace, s.o.Target.Service.Namespace} {
		if own != "" {
			where = own
		}
	}
	return &builtinWatch{
		ask: func(ctx context.Context) (cluster.Plugin, error) {
			asker, err := cluster.NewAsker(s.config)
			if err != nil {
				return cluster.PluginUnknown, err
			}
			return asker.Plugin(ctx, where)
		},
		namespaces: func() (map[string]map[string]string, error) { return s.cache.NamespaceLabels() },
		tell:       func(state string, forbidden []string) { s.metrics.SetBuiltin(state, forbidden) },
		now:        time.Now, where: where, log: s.log,
		changed: make(chan struct{}, 1),
	}
}

// use replaces the exceptions.
func (w *builtinWatch) use(set *exception.Set) {
	w.exceptions.Store(set)
	select {
	case w.changed <- struct{}{}:
	default: // it looks at all of them anyway
	}
}

// run looks until the context ends.
func (w *builtinWatch) run(ctx context.Context) {
	ticker := time.NewTicker(builtinLooks)
	defer ticker.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-w.changed:
			w.look(ctx)
		case <-ticker.C:
			w.look(ctx)
		}
	}
}

// look finds out what is to be known, and says what is new.
func (w *builtinWatch) look(ctx context.Context) {
	all := slices.DeleteFunc(slices.Clone(w.exceptions.Load().All()), func(e *exception.Exception) bool { return e.Expired(w.now()) })
	if len(all) == 0 {
		w.name(nil)
		state := "" // nobody has asked
		if !w.asked.IsZero() {
			state = w.plugin.String()
		}
		w.tell(state, nil)
		return
	}
	w.find(ctx)
	if w.plugin == cluster.PluginUnknown { // what was forbidden is no less so
		maps.DeleteFunc(w.named, func(name, _ string) bool {
			return !slices.ContainsFunc(all, func(e *exception.Exception) bool { return e.Name == name })
		})
		w.tell(w.plugin.String(), slices.Sorted(maps.Keys(w.named)))
		return
	}
	var problems []exception.Problem
	if w.plugin == cluster.PluginOn {
		labels, err := w.namespaces()
		if err != nil {
			return // they are not known yet, or not any more, which readiness tells
		}
		problems = exception.LintPlugin(all, enforcedBy(labels))
	}
	w.name(problems)
	w.tell(w.plugin.String(), slices.Sorted(maps.Keys(w.named)))
}

// find asks about the plugin, if that was long ago, and says what is new. Who does not
// answer leaves it unknown.
func (w *builtinWatch) find(ctx context.Context) {
	again := builtinAsks
	if w.plugin == cluster.PluginUnknown && w.vainly > 0 {
		again = min(again, builtinAsksAgain<<min(w.vainly-1, 10))
	}
	if !w.asked.IsZero() && w.now().Sub(w.asked) < again {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, builtinWithin)
	defer cancel()
	plugin, err := w.ask(ctx)
	w.plugin, w.asked, w.vainly = plugin, w.now(), w.vainly+1
	if plugin != cluster.PluginUnknown {
		w.vainly = 0
	}
	said := plugin.String()
	if said == w.said {
		return
	}
	w.said = said
	switch {
	case err != nil:
		w.log.Warn("whether the API server's own PodSecurity plugin is on is not known: where it is, exceptions do not count for labels",
			slog.String("namespace", w.where), slog.String("error", err.Error()))
	case plugin == cluster.PluginUnknown:
		w.log.Warn("whether the API server's own PodSecurity plugin is on is not known, as this program may not patch the namespace by dry run: "+
			"where it is, exceptions do not count for labels", slog.String("namespace", w.where))
	default:
		w.log.Info("the API server's own PodSecurity plugin", slog.String("state", said))
	}
}

// name says which exceptions do not count, and which of these do again.
func (w *builtinWatch) name(problems []exception.Problem) {
	named := map[string]string{}
	for i := range problems {
		p := &problems[i]
		name := p.Exception.Name
		named[name] = p.Message
		if w.named[name] != p.Message {
			w.log.Warn("an exception covers what the API server's own PodSecurity plugin still forbids", slog.String("exception", name),
				slog.String("problem", p.Message), slog.String("fix", p.Fix))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.named)) {
		if named[name] == "" {
			w.log.Info("nothing that the exception covers is forbidden by the API server's own PodSecurity plugin any more", slog.String("exception", name))
		}
	}
	w.named = named
}

// enforcedBy returns what labels enforce, by the names of the namespaces. What the
// plugin takes for those without labels is not known.
func enforcedBy(labels map[string]map[string]string) []exception.Enforced {
	var all []exception.Enforced
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		policy, _ := pss.PolicyFromLabels(labels[name], pss.DefaultPolicy())
		all = append(all, exception.Enforced{Name: name, Labels: labels[name], Policy: policy.Enforce})
	}
	return all
}
