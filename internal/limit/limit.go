// Package limit bounds what other people's code may take that cannot be stopped:
// a template of a stranger may loop forever or ask for all of the memory.
package limit

import (
	"context"
	"errors"
	"fmt"
	"runtime/metrics"
	"time"
)

// Limits are what work may take.
type Limits struct {
	Time   time.Duration
	Memory uint64 // bytes more than there were when it began
}

// Default is enough for any chart that is meant well.
func Default() Limits { return Limits{Time: 30 * time.Second, Memory: 1 << 30} }

// Error says that work took too much. It may still be running: whoever gets
// this ends the process soon, and begins nothing else of the kind.
type Error struct{ what string }

// Error says what was too much.
func (e *Error) Error() string { return "it was given up: it takes more than " + e.what }

// often is how often the memory is looked at: the fastest that memory grows is
// some gigabytes a second.
const often = 5 * time.Millisecond

// Do does the work, whose context ends when it has taken too much; then it
// returns an [Error] at once, whether the work ends or not. A panic is an error.
func (l Limits) Do(work func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), l.Time)
	defer cancel()
	done := make(chan error, 1)
	begin := inUse()
	go func() {
		done <- safely(func() error { return work(ctx) })
	}()
	ticker := time.NewTicker(often)
	defer ticker.Stop()
	for {
		select {
		case err := <-done:
			if ctx.Err() != nil { // whatever it returns, it may have left off because of that
				return &Error{l.Time.String()}
			}
			return err
		case <-ctx.Done():
			return &Error{l.Time.String()}
		case <-ticker.C:
			if used := inUse(); used > begin && used-begin > l.Memory {
				return &Error{fmt.Sprintf("%d MiB of memory", l.Memory>>20)}
			}
		}
	}
}

func safely(work func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("it failed: %v", r)
		}
	}()
	return work()
}

// inUse is how much memory objects and stacks take: endless recursion fills
// stacks.
func inUse() (bytes uint64) {
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(samples)
	for _, s := range samples {
		if s.Value.Kind() == metrics.KindUint64 {
			bytes += s.Value.Uint64()
		}
	}
	return bytes
}

// Exceeded reports whether an error is that of a limit.
func Exceeded(err error) bool {
	var e *Error
	return errors.As(err, &e)
}
