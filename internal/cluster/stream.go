package cluster

import (
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/watch"
)

// stream is a watch whose objects are reduced as they arrive, and which ends by
// itself if nothing arrives for a while.
type stream struct {
	whole  watch.Interface
	reduce reduce
	idle   time.Duration

	events chan watch.Event
	stop   func()
	done   chan struct{}
}

var _ watch.Interface = (*stream)(nil)

func newStream(whole watch.Interface, r reduce, idle time.Duration) *stream {
	s := &stream{whole: whole, reduce: r, idle: idle, events: make(chan watch.Event), done: make(chan struct{})}
	s.stop = sync.OnceFunc(func() { close(s.done) })
	go s.run()
	return s
}

// Stop ends the watch.
func (s *stream) Stop() { s.stop() }

// ResultChan returns the events. The channel is closed when the watch has ended.
func (s *stream) ResultChan() <-chan watch.Event { return s.events }

func (s *stream) run() {
	defer close(s.events)
	defer s.whole.Stop()
	timer := time.NewTimer(s.idle)
	defer timer.Stop()
	for {
		timer.Reset(s.idle)
		select {
		case e, ok := <-s.whole.ResultChan():
			if !ok || !s.send(e) {
				return
			}
		case <-timer.C:
			return
		case <-s.done:
			return
		}
	}
}

// send passes an event on, and reports whether there may be more.
func (s *stream) send(e watch.Event) bool {
	switch e.Type {
	case watch.Added, watch.Modified, watch.Deleted:
		o, err := s.reduce(e.Object)
		if err != nil {
			status := apierrors.NewInternalError(fmt.Errorf("watching: %w", err)).Status()
			e = watch.Event{Type: watch.Error, Object: &status}
			break
		}
		e.Object = o
	case watch.Bookmark, watch.Error: // hold no object
	}
	select {
	case s.events <- e:
		return e.Type != watch.Error
	case <-s.done:
		return false
	}
}
