package webhook

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestADeadlineIsAContextLikeThatOfTheStandardLibrary(t *testing.T) {
	t.Parallel()
	type key struct{}
	steps := map[string]func(parent context.CancelFunc, end func()){
		"nothing":              func(context.CancelFunc, func()) {},
		"the time passes":      func(context.CancelFunc, func()) { time.Sleep(2 * time.Second) },
		"its parent ends":      func(parent context.CancelFunc, _ func()) { parent() },
		"it is not needed":     func(_ context.CancelFunc, end func()) { end() },
		"not needed, then all": func(parent context.CancelFunc, end func()) { end(); time.Sleep(2 * time.Second); parent() },
	}
	for name, step := range steps {
		for _, waited := range []bool{false, true} { // before the step
			synctest.Test(t, func(t *testing.T) {
				run := func(start func(context.Context) (context.Context, func())) (error, bool) {
					parent, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, 1))
					defer cancel()
					ctx, end := start(parent)
					defer end()
					if ctx.Value(key{}) != 1 {
						t.Error("it has no values")
					}
					child := ctx
					if waited {
						var stop context.CancelFunc
						child, stop = context.WithCancel(ctx)
						defer stop()
					}
					step(cancel, end)
					synctest.Wait()
					select {
					case <-child.Done():
						return child.Err(), true
					default:
						return child.Err(), false
					}
				}
				want, wantDone := run(func(parent context.Context) (context.Context, func()) {
					ctx, cancel := context.WithTimeout(parent, time.Second)
					return ctx, cancel
				})
				got, done := run(func(parent context.Context) (context.Context, func()) {
					ctx := withDeadline(parent, time.Now().Add(time.Second))
					return ctx, ctx.end
				})
				if !errors.Is(got, want) || (got == nil) != (want == nil) || done != wantDone {
					t.Errorf("%s, waited for before %t: got %v and done %t, want %v and %t", name, waited, got, done, want, wantDone)
				}
			})
		}
	}
}

func TestADeadlineIsTheEarlierOfTwo(t *testing.T) {
	t.Parallel()
	parent, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	of := func(after time.Duration) time.Duration {
		ctx := withDeadline(parent, time.Now().Add(after))
		defer ctx.end()
		at, ok := ctx.Deadline()
		if !ok {
			t.Error("there is no deadline")
		}
		return time.Until(at)
	}
	if got := of(time.Hour); got > time.Minute {
		t.Errorf("the deadline is in %s, later than its parent's", got)
	}
	if got := of(time.Second); got > time.Second {
		t.Errorf("the deadline is in %s, want a second at most", got)
	}
}
