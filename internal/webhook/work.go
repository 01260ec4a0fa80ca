package webhook

import (
	"bytes"
	"context"
	"net/http"

	"golang.org/x/sync/semaphore"
)

// What it costs to decide on a review: the memory that its objects take once they
// are read, judged and answered, in bytes. A body of a few megabytes may hold a
// million empty containers, so its size alone says little.
const (
	listItemCost = 640 // an object in a list, such as a container, with what is noted of it, or null in its place
	valueCost    = 128 // a value of any other kind, such as a member's key
	// Sentences repeat the values of a pod, one for each control; package
	// admission bounds how much of them there is.
	sentenceCost, maxSentencesCost = 64, 4 << 20

	// Reviews that cost more are decided few at a time, so that those that cost
	// less, which are all but the strangest, never wait for them.
	smallWork    = 4 << 20
	maxSmallWork = 32 << 20 // of all together
	maxLargeWork = 64 << 20 // of all together, and so of one
)

// work bounds what the reviews cost that are being decided.
type work struct{ small, large *semaphore.Weighted }

func newWork() work {
	return work{semaphore.NewWeighted(maxSmallWork), semaphore.NewWeighted(maxLargeWork)}
}

// place is what a review takes of the room for work.
type place struct {
	of   *semaphore.Weighted
	cost int64
}

func (p place) leave() { p.of.Release(p.cost) }

// begin waits until there is room to decide on a review.
func (w *work) begin(ctx context.Context, body []byte) (place, *fault) {
	p := place{w.small, cost(body)}
	if p.cost > smallWork {
		p.of = w.large
	}
	switch {
	case p.cost > maxLargeWork:
		return place{}, &fault{http.StatusRequestEntityTooLarge, "the request body holds more values than can be judged"}
	case !p.of.TryAcquire(p.cost) && p.of.Acquire(ctx, p.cost) != nil:
		return place{}, tooMany()
	}
	return p, nil
}

// cost returns at least what it costs to decide on a review.
func cost(body []byte) int64 {
	return min(sentenceCost*int64(len(body)), maxSentencesCost) + valueCost*int64(bytes.Count(body, []byte(","))) +
		listItemCost*(listed(body, "{")+listed(body, "null"))
}

// listed counts how often something stands in a list, where no colon is before it.
func listed(body []byte, what string) (n int64) {
	for rest := body; ; {
		i := bytes.Index(rest, []byte(what))
		if i < 0 {
			return n
		}
		if i == 0 || rest[i-1] != ':' {
			n++
		}
		rest = rest[i+len(what):]
	}
}
