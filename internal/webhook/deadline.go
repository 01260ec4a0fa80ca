package webhook

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// deadline is a context with a deadline whose timer is made when somebody waits
// for it: nearly all requests are decided from memory, and nobody does.
type deadline struct {
	context.Context // the one it is made from

	at     time.Time
	once   sync.Once
	made   atomic.Bool // timed is there
	timed  context.Context
	cancel context.CancelFunc
}

// withDeadline returns a context that ends with its parent, or at the time. Its end is
// to be called when it is not needed any more.
func withDeadline(parent context.Context, at time.Time) *deadline {
	if earlier, ok := parent.Deadline(); ok && earlier.Before(at) {
		at = earlier
	}
	return &deadline{Context: parent, at: at}
}

// Deadline returns when the context ends at the latest.
func (d *deadline) Deadline() (time.Time, bool) { return d.at, true }

// Done returns a channel that is closed when the context ends.
func (d *deadline) Done() <-chan struct{} { return d.context().Done() }

// Err says why the context has ended, if it has.
func (d *deadline) Err() error {
	if !d.made.Load() && time.Now().Before(d.at) {
		return d.Context.Err()
	}
	return d.context().Err()
}

func (d *deadline) context() context.Context {
	d.once.Do(func() {
		d.timed, d.cancel = context.WithDeadline(d.Context, d.at)
		d.made.Store(true)
	})
	return d.timed
}

// end releases what the context has made. It ends it, as a cancel function does.
func (d *deadline) end() {
	d.once.Do(func() {
		d.timed, d.cancel = ended, func() {}
		d.made.Store(true)
	})
	d.cancel()
}

// ended is a context that has always been cancelled.
var ended = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()
