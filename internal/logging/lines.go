package logging

import (
	"io"
	"sync"
	"time"
)

const (
	// delay is how long a line may wait for others.
	delay = 20 * time.Millisecond
	// enough is how many bytes are written without waiting.
	enough = 32 << 10
)

// Lines is a writer that collects what is written for a moment and passes it on
// together, in its order. It may be used by many goroutines at once. What a
// write fails with is the next one's error.
type Lines struct {
	mu      sync.Mutex
	to      io.Writer
	pending []byte
	failed  error
	timer   *time.Timer // runs while something is pending
}

// NewLines returns Lines that pass on to another writer. Flush is to be called
// at the end.
func NewLines(to io.Writer) *Lines {
	l := &Lines{to: to}
	l.timer = time.AfterFunc(time.Hour, l.Flush)
	l.timer.Stop()
	return l
}

// Write takes whole lines.
func (l *Lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.pending) == 0 {
		l.timer.Reset(delay)
	}
	l.pending = append(l.pending, p...)
	if len(l.pending) >= enough {
		l.flush()
	}
	err := l.failed
	l.failed = nil
	return len(p), err
}

// Flush passes on what is pending.
func (l *Lines) Flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flush()
}

func (l *Lines) flush() {
	l.timer.Stop()
	if len(l.pending) == 0 {
		return
	}
	if _, err := l.to.Write(l.pending); err != nil {
		l.failed = err
	}
	l.pending = l.pending[:0]
	if cap(l.pending) > 2*enough { // after one very long line
		l.pending = nil
	}
}
