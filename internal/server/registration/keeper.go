package registration

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/gabion-security/gabion/internal/server/resource"
)

// Repairs are made at once, but after some that follow each other there is a gap
// between them, until it was calm for a while: two servers that want different
// things must not keep the API server busy.
const (
	retryAfter    = time.Second // a fault
	repairsAtOnce = 10
	repairGap     = 10 * time.Second
	calm          = time.Minute
	// withdrawal is how long a configuration that is said to be removed on purpose
	// may still be there. After that nobody is removing it.
	withdrawal = 5 * time.Second
	// yielding is how long a server leaves the configuration to one that was
	// started after it. That one may have ended since.
	yielding = 10 * time.Minute
)

// Options are what a [Keeper] is made of.
type Options struct {
	Target Target
	// CAs returns the CAs that sign the webhook's certificate now, in PEM. Servers
	// that keep the same configuration must agree on them.
	CAs func(context.Context) ([]byte, error)
	// KeepCAs is how long CAs stay that another server with the same key has
	// registered beside those: it may have been given its next certificate earlier.
	KeepCAs time.Duration
	// Key returns the private key of that certificate.
	Key func() []byte
	// Custom returns the custom resources that are known now, the zero Custom as
	// long as they are not. Without it there are none.
	Custom func() Custom
	// Instance is who keeps, for events.
	Instance string
	// Log gets a line for each write and fault.
	Log *slog.Logger
	// Repaired is called after each repair.
	Repaired func()
}

// Keeper writes the webhook configuration and sees to it that it stays.
type Keeper struct {
	client *resource.Client
	o      Options
	form   form

	mu      sync.Mutex
	fault   string // of the last attempt, before the configuration was written
	gone    bool   // removed, or being removed, on purpose
	written *admissionregistrationv1.ValidatingWebhookConfiguration
	// registered are the CAs in what was last seen to be stored.
	registered []byte
	changed    chan struct{} // something is to be looked at

	lastRepair time.Time
	repairs    int // since it was calm
	// repairAt is when a repair is due, if it was put off.
	repairAt time.Time
	// others are CAs that another server has registered beside the wanted ones, and
	// othersUntil is when they do not count any more.
	others      []byte
	othersUntil time.Time
	// custom are the latest custom resources of this server and the others.
	custom Custom
	// generation is that of the wanted configuration; 0 before it was first written.
	generation uint64
	// yieldUntil is when this server takes the configuration from a later one.
	yieldUntil time.Time
	// announced is when the configuration was first seen to be removed on purpose,
	// withdrawn that it then was.
	announced time.Time
	withdrawn bool
	// wrote is the version of what this program has written.
	wrote uint64
}

// NewKeeper returns a Keeper. Nothing is sent to the API server yet.
func NewKeeper(client *resource.Client, o Options) *Keeper {
	return &Keeper{client: client, o: o, form: validating, changed: make(chan struct{}, 1)}
}

// Look makes the Keeper compare the configuration with what is wanted now, as
// when there are new CAs. [Keeper.Holds] says when API servers can know them.
func (k *Keeper) Look() {
	select {
	case k.changed <- struct{}{}:
	default: // it is about to look
	}
}

// NotReady says why the configuration is not written; it is empty if it is.
func (k *Keeper) NotReady() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.written != nil:
		return ""
	case k.fault != "":
		return k.form.what + " is not written: " + k.fault
	}
	return k.form.what + " is not written yet"
}

// Written reports whether the configuration was as it should be when it was last
// looked at.
func (k *Keeper) Written() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.written != nil && k.fault == "" && !k.gone
}

// Holds reports whether the configuration was written with the CAs among its own.
func (k *Keeper) Holds(cas []byte) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.written != nil && holds(k.written.Webhooks[0].ClientConfig.CABundle, cas)
}

// Registered returns the CAs by which API servers know the webhook, in PEM, whoever
// has written them. Once there is no configuration they are those that were last.
func (k *Keeper) Registered() []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.registered
}

// saw notes what is stored, nil if nothing is.
func (k *Keeper) saw(stored *admissionregistrationv1.ValidatingWebhookConfiguration) {
	if stored == nil || len(stored.Webhooks) == 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.registered = stored.Webhooks[0].ClientConfig.CABundle
}

// Run writes the configuration and keeps it until the context ends. The error
// says why it can never be written. Trouble on the way to the API server, and
// whatever happens after the first write, is no error: it is tried again.
func (k *Keeper) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		begun := time.Now()
		err := k.follow(ctx)
		if err == nil {
			sleep(ctx, retryAfter-time.Since(begun)) // watches may end at once, all of them
			continue
		}
		if ctx.Err() != nil {
			continue
		}
		if k.NotReady() != "" && isFinal(err) {
			return fmt.Errorf("writing %s: %w", k.form.what, err)
		}
		k.note(err)
		k.o.Log.LogAttrs(ctx, slog.LevelWarn, k.form.what+" cannot be looked after at the moment",
			slog.String("error", err.Error()))
		sleep(ctx, retryAfter)
	}
	return nil
}

// isFinal reports whether an error is one that trying again does not help.
func isFinal(err error) bool {
	return apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) || apierrors.IsInvalid(err) || errors.Is(err, errChanged)
}

func (k *Keeper) note(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.fault = err.Error()
}

// follow sees to the configuration until its watch ends.
func (k *Keeper) follow(ctx context.Context) error {
	if k.withdrawn {
		<-ctx.Done()
		return nil
	}
	have, err := k.ensure(ctx)
	if err != nil || k.withdrawn {
		return err
	}
	from := "" // from the beginning, if there is nothing yet
	if have != nil {
		from = have.ResourceVersion
	}
	events, err := k.client.Watch(ctx, k.form.collection, Name, from)
	if err != nil {
		return fmt.Errorf("watching %s: %w", k.form.what, err)
	}
	defer events.Stop()
	for !k.withdrawn {
		select {
		case <-ctx.Done():
			return nil
		case <-k.changed:
		case <-k.later():
		case e, ok := <-events.ResultChan():
			if !ok || e.Type == watch.Error {
				return nil // what happened since is seen by who begins again
			}
			k.see(ctx, e)
		}
		if _, err := k.ensure(ctx); err != nil {
			return err
		}
	}
	return nil
}

// later returns a channel that says when to look again although nothing happens;
// nil if that is never.
func (k *Keeper) later() <-chan time.Time {
	var next time.Time
	for _, at := range []time.Time{k.announcedUntil(), k.yieldUntil, k.repairAt, k.othersUntil} {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	if next.IsZero() {
		return nil
	}
	return time.After(time.Until(next))
}

// ensure looks at the configuration and writes it if it is not as wanted. It
// returns what is stored.
func (k *Keeper) ensure(ctx context.Context) (*admissionregistrationv1.ValidatingWebhookConfiguration, error) {
	have := &admissionregistrationv1.ValidatingWebhookConfiguration{}
	err := k.client.Get(ctx, k.form.path(), have)
	switch {
	case apierrors.IsNotFound(err):
		have = nil
	case err != nil:
		return nil, err
	}
	k.saw(have)
	if k.leave(ctx, have) {
		return have, nil
	}
	cas, err := k.o.CAs(ctx) // after the configuration: who changed it may have changed them before
	if err != nil {
		return nil, err
	}
	want, before, stored := k.configuration(k.target(have), k.withOthers(have, cas)), k.last(), uint64(0)
	wrong := []string{"it is missing"}
	if have != nil {
		wrong, stored = differences(have, want), generationOf(have, k.o.Key())
	}
	switch {
	case len(wrong) == 0 && (before != nil || stored > 0):
		k.generation, k.yieldUntil, k.repairAt = max(k.generation, stored), time.Time{}, time.Time{}
		k.remember(want)
		return have, nil
	case k.yield(ctx, have, stored), k.leaving(have, wrong):
		return have, nil
	}
	// It is for who was started last, and for who has yielded for long enough.
	if k.generation == 0 || stored > k.generation {
		k.generation = max(stored+1, uint64(time.Now().Unix())) //nolint:gosec // no time before 1970
		k.yieldUntil, before = time.Time{}, nil
	}
	seal(want, k.generation, k.o.Key())
	repair := before != nil && len(differences(before, want)) == 0 && !k.outdated(stored, wrong)
	if repair && k.putOff() {
		return have, nil // what happens until then may change what is right
	}
	now, err := k.write(ctx, have, want)
	if err != nil {
		return nil, err
	}
	k.announced, k.wrote = time.Time{}, version(now) // it says nothing of a removal any more
	k.saw(now)
	k.remember(want)
	k.report(ctx, now, wrong, repair)
	return now, nil
}

// yield reports whether the configuration is that of a server that was started
// after this one with other flags, and so is not to be changed for now.
func (k *Keeper) yield(ctx context.Context, have *admissionregistrationv1.ValidatingWebhookConfiguration, stored uint64) bool {
	if k.generation == 0 || stored <= k.generation || !k.yieldUntil.IsZero() && time.Now().After(k.yieldUntil) {
		return false
	}
	if k.yieldUntil.IsZero() {
		k.yieldUntil = time.Now().Add(yielding)
		k.o.Log.LogAttrs(ctx, slog.LevelWarn, "a server that was started later wants "+k.form.what+" to be another one, and keeps it from now on")
	}
	k.announced = time.Time{} // a removal that never came is the later server's to repair
	k.remember(have)
	return true
}

// last returns the configuration that was last written or found as wanted.
func (k *Keeper) last() *admissionregistrationv1.ValidatingWebhookConfiguration {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.written
}

func (k *Keeper) remember(c *admissionregistrationv1.ValidatingWebhookConfiguration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.written, k.fault, k.gone = c, "", false
}

// putOff keeps repairs apart: it reports whether it is too early for one, and counts
// it if it is not.
func (k *Keeper) putOff() bool {
	now := time.Now()
	if now.Sub(k.lastRepair) > calm {
		k.repairs = 0
	}
	if due := k.lastRepair.Add(repairGap); k.repairs >= repairsAtOnce && now.Before(due) {
		k.repairAt = due
		return true
	}
	k.repairs++
	k.lastRepair, k.repairAt = now, time.Time{}
	return false
}

// withOthers returns the CAs with those that another server has registered beside
// them, for as long as they count.
func (k *Keeper) withOthers(have *admissionregistrationv1.ValidatingWebhookConfiguration, cas []byte) []byte {
	if k.o.KeepCAs == 0 || have == nil {
		return cas
	}
	stored := casOf(have, k.o.Key())
	if len(stored) == 0 || bytes.Equal(stored, cas) || !holds(stored, cas) {
		k.others, k.othersUntil = nil, time.Time{}
		return cas
	}
	if !bytes.Equal(stored, k.others) {
		k.others, k.othersUntil = stored, time.Now().Add(k.o.KeepCAs)
	}
	if !time.Now().Before(k.othersUntil) {
		k.othersUntil = time.Time{}
		return cas
	}
	return stored
}

// holds reports whether all certificates of one PEM text are in another.
func holds(text, all []byte) bool {
	for {
		var block *pem.Block
		if block, all = pem.Decode(all); block == nil {
			return true
		}
		if !bytes.Contains(text, pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes})) {
			return false
		}
	}
}

// sleep waits for a while or until the context ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
