package webhook

import (
	"context"
	"log/slog"
	"time"
)

// DefaultReloadInterval is how often [Reloader] looks at its files unless it is
// told otherwise. Credentials change rarely, and reading is simpler and surer
// than notifications where files are links that are swapped, as in a Secret.
const DefaultReloadInterval = 10 * time.Second

// Reloader replaces the credentials of Certificates when their files change.
type Reloader struct {
	Certificates *Certificates
	Files        CredentialFiles
	// Interval is how often the files are looked at. Zero is the default.
	Interval time.Duration
	// Log gets a line for each change; nil for no log.
	Log *slog.Logger
	// Reloaded is called after each change: whether the new files are served,
	// or could not be and the old credentials stay. It may be nil.
	Reloaded func(ok bool)
}

// Run looks at the files until the context ends. Files that cannot be served
// with are reported once; the old credentials stay until they are better.
func (r Reloader) Run(ctx context.Context) {
	interval := r.Interval
	if interval <= 0 {
		interval = DefaultReloadInterval
	}
	if r.Log == nil {
		r.Log = slog.New(slog.DiscardHandler)
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	last := seen{credentials: r.Certificates.current.Load().credentials}
	for {
		last = r.look(ctx, last)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// seen is what stood in the files.
type seen struct {
	credentials Credentials
	fault       string // why they could not be read
}

// look reads the files and serves what is new in them.
func (r Reloader) look(ctx context.Context, last seen) seen {
	credentials, err := r.Files.Read()
	next := seen{credentials: credentials}
	if err != nil {
		next.fault = err.Error()
	}
	if next.fault == last.fault && next.credentials.equal(&last.credentials) {
		return last
	}
	if err == nil {
		err = r.Certificates.Set(credentials)
	}
	if err != nil {
		r.Log.LogAttrs(ctx, slog.LevelError, "the new TLS files cannot be used, the old ones stay", slog.String("error", err.Error()))
	} else {
		r.Log.LogAttrs(ctx, slog.LevelInfo, "the new TLS files are in use", slog.Time("notAfter", r.Certificates.NotAfter()))
	}
	if r.Reloaded != nil {
		r.Reloaded(err == nil)
	}
	return next
}
