package registration

import (
	"context"
	"log/slog"
	"sync"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/gabion-security/gabion/internal/server/resource"
)

// settles is how long nobody has to want the configuration before it is removed:
// guards may be replaced by others.
const settles = 2 * time.Second

// Optional is the webhook configuration for new namespaces, which is there while
// somebody wants it, and kept as a [Keeper] does.
//
// Servers learn one after another that it is wanted, or is not any more. Of two that
// think differently the one that has changed its mind later is right: a configuration
// that was written after that is left alone, for as long as one of a later server is.
type Optional struct {
	client *resource.Client
	o      Options

	mu      sync.Mutex
	wanted  bool
	since   time.Time
	keeper  *Keeper // nil while it is not wanted
	changed chan struct{}
}

// NewOptional returns an Optional that nobody wants. Nothing is sent to the API
// server yet. To start is no change of mind: what another server wants is left to it.
func NewOptional(client *resource.Client, o Options) *Optional {
	return &Optional{client: client, o: o, since: time.Unix(0, 0), changed: make(chan struct{}, 1)}
}

// Want says whether the configuration is wanted.
func (p *Optional) Want(wanted bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wanted == wanted {
		return
	}
	p.wanted, p.since = wanted, time.Now()
	select {
	case p.changed <- struct{}{}:
	default: // it is about to look
	}
}

// Look is [Keeper.Look], if there is something to look at.
func (p *Optional) Look() {
	if k := p.keeping(); k != nil {
		k.Look()
	}
}

// Holds is [Keeper.Holds]. It is true while there is nothing to hold the CAs, or
// while that cannot be written.
func (p *Optional) Holds(cas []byte) bool {
	k := p.keeping()
	return k == nil || k.NotReady() != "" || k.Holds(cas)
}

// NotReady says why the configuration is not written although it is wanted; it is
// empty if it is.
func (p *Optional) NotReady() string {
	p.mu.Lock()
	k, wanted := p.keeper, p.wanted
	p.mu.Unlock()
	switch {
	case !wanted:
		return ""
	case k == nil:
		return mutating.what + " is not written yet"
	}
	return k.NotReady()
}

func (p *Optional) keeping() *Keeper {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keeper
}

// Run writes, keeps and removes the configuration until the context ends.
func (p *Optional) Run(ctx context.Context) {
	for ctx.Err() == nil {
		p.mu.Lock()
		wanted, since := p.wanted, p.since
		p.keeper = nil
		if wanted {
			p.keeper = NewKeeper(p.client, p.o)
			p.keeper.form = mutating
		}
		keeper := p.keeper
		p.mu.Unlock()
		if wanted {
			p.keep(ctx, keeper)
		} else {
			p.leave(ctx, since)
		}
	}
}

// keep keeps the configuration until it is not wanted any more.
func (p *Optional) keep(ctx context.Context, keeper *Keeper) {
	keeping, stop := context.WithCancel(ctx)
	defer stop()
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() {
		for keeping.Err() == nil {
			if err := keeper.Run(keeping); err != nil { // namespaces are still judged by what they would get
				keeper.note(err)
				p.o.Log.LogAttrs(keeping, slog.LevelError, mutating.what+" cannot be written", slog.String("error", err.Error()))
				sleep(keeping, calm)
			}
		}
	})
	select {
	case <-ctx.Done():
	case <-p.changed:
	}
	stop()
}

// leave removes the configuration, if there is one of before it was not wanted, and
// waits until it is wanted again.
func (p *Optional) leave(ctx context.Context, since time.Time) {
	next := settles
	var later stored
	for {
		timer := time.NewTimer(next)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-p.changed:
			timer.Stop()
			return
		case <-timer.C:
		}
		next = p.remove(ctx, since, &later)
	}
}

// stored is a configuration that another server wants, and when it was first seen.
type stored struct {
	generation uint64
	at         time.Time
}

// remove removes the configuration. It returns when to look again.
func (p *Optional) remove(ctx context.Context, since time.Time, later *stored) time.Duration {
	var have admissionregistrationv1.ValidatingWebhookConfiguration
	err := p.client.Get(ctx, mutating.path(), &have)
	switch {
	case apierrors.IsNotFound(err), apierrors.IsForbidden(err): // who may not read it has never written it
		return yielding
	case err != nil:
		return calm
	}
	if generation := generationOf(&have, p.o.Key()); generation > uint64(since.Unix()) { //nolint:gosec // no time before 1970
		if later.generation != generation {
			*later = stored{generation, time.Now()}
		}
		if left := yielding - time.Since(later.at); left > 0 {
			return left
		}
	}
	if _, err := mutating.removeOnce(ctx, p.client, Name); err != nil {
		p.o.Log.LogAttrs(ctx, slog.LevelWarn, mutating.what+" cannot be removed", slog.String("error", err.Error()))
		return calm
	}
	p.o.Log.LogAttrs(ctx, slog.LevelInfo, mutating.what+" is removed: no guard has labels for them any more", slog.String("name", Name))
	return yielding
}
