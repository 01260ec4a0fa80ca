package parity_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/gabion-security/gabion/e2e/cluster"
)

// auditPrefix begins the IDs of the requests that are compared.
const auditPrefix = "parity-"

// trail finds events in an audit log by the ID of the request.
type trail struct {
	mu     sync.Mutex
	log    *cluster.AuditLog
	events map[string]cluster.AuditEvent
}

// take returns the event of a request, once. It has been answered; what is left
// of the wait is for the log.
func (l *trail) take(ctx context.Context, id string) (cluster.AuditEvent, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		e, found, err := l.look(id)
		if found || err != nil {
			return e, err
		}
		select {
		case <-ctx.Done():
			return e, fmt.Errorf("the audit log has no request %s: %w", id, ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (l *trail) look(id string) (cluster.AuditEvent, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, found := l.events[id]; !found {
		events, err := l.log.Next()
		if err != nil {
			return cluster.AuditEvent{}, false, err
		}
		for i := range events {
			if strings.HasPrefix(events[i].AuditID, auditPrefix) {
				l.events[events[i].AuditID] = events[i]
			}
		}
	}
	e, found := l.events[id]
	delete(l.events, id)
	return e, found, nil
}
