package limit

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestWorkThatTakesTooLongIsGivenUp(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	err := Limits{Time: time.Millisecond, Memory: 1 << 40}.Do(func(ctx context.Context) error {
		defer close(ended)
		<-ctx.Done()
		return nil
	})
	<-ended
	if !Exceeded(err) || err.Error() != "it was given up: it takes more than 1ms" {
		t.Errorf("got %v", err)
	}
}

func TestWorkThatTakesTooMuchMemoryIsGivenUp(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	err := Limits{Time: time.Hour, Memory: 16 << 20}.Do(func(ctx context.Context) error {
		defer close(ended)
		var all [][]byte
		for ctx.Err() == nil {
			all = append(all, make([]byte, 1<<20))
			if len(all) > 64 {
				<-ctx.Done()
			}
		}
		all[0][0] = 1 // so that all of it is kept until now
		return nil
	})
	<-ended
	if !Exceeded(err) || err.Error() != "it was given up: it takes more than 16 MiB of memory" {
		t.Errorf("got %v", err)
	}
}

func TestWorkWithinItsLimitsIsDone(t *testing.T) {
	t.Parallel()
	failed := errors.New("failed")
	if err := Default().Do(func(context.Context) error { return failed }); !errors.Is(err, failed) || Exceeded(err) {
		t.Errorf("got %v", err)
	}
}

func TestPanicsAreErrors(t *testing.T) {
	t.Parallel()
	err := Default().Do(func(context.Context) error { panic("broken") })
	if err == nil || err.Error() != "it failed: broken" || Exceeded(err) {
		t.Errorf("got %v", err)
	}
}
