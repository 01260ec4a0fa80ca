package server

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/gabion-security/gabion/internal/admission"
)

const (
	// configurationInterval is how often the configuration's file is read. Reading
	// is surer than notifications where files are links that are swapped, as in a
	// ConfigMap.
	configurationInterval = 2 * time.Second
	// configurationSettles is how long a file must stay as it is before it counts.
	// Somebody may be writing it, and half of a configuration often is one, with
	// less in it.
	configurationSettles = 300 * time.Millisecond
)

// followConfiguration replaces the configuration when its file changes. It
// begins with the one that is in use.
func (s *server) followConfiguration(ctx context.Context, used admission.Config) {
	if s.o.ConfigFile == "" {
		return
	}
	f := configurationFollower{
		file: s.o.ConfigFile, readFile: os.ReadFile, wait: sleep, set: s.controller.SetConfig,
		reloaded: s.metrics.RecordConfigurationReload, log: s.log, used: used, last: configurationReading{config: used},
	}
	for sleep(ctx, configurationInterval); ctx.Err() == nil; sleep(ctx, configurationInterval) {
		f.look(ctx)
	}
}

// configurationFollower is how far following has come.
type configurationFollower struct {
	file     string
	readFile func(string) ([]byte, error)
	wait     func(context.Context, time.Duration)
	set      func(admission.Config) error
	reloaded func(success bool)
	log      *slog.Logger

	used admission.Config
	last configurationReading // that was used or reported
}

// configurationReading is what a file holds: a configuration, or why there is
// none in it.
type configurationReading struct {
	config admission.Config
	fault  string
}

func (r configurationReading) equal(other configurationReading) bool {
	return r.fault == other.fault && (r.fault != "" || r.config.Equal(other.config))
}

// look reads once. A file that cannot be used is reported once, and the old
// configuration stays.
func (f *configurationFollower) look(ctx context.Context) {
	next := f.read()
	if next.equal(f.last) {
		return
	}
	f.wait(ctx, configurationSettles)
	if ctx.Err() != nil || !next.equal(f.read()) {
		return // it is read again soon
	}
	if next.fault == "" {
		if err := f.set(next.config); err != nil {
			next.fault = err.Error()
		}
	}
	f.last = next
	f.reloaded(next.fault == "")
	if next.fault != "" {
		f.log.Error("the new configuration cannot be used, the old one stays", slog.String("error", next.fault))
		return
	}
	f.used = next.config
	f.log.Info("the new configuration is in use", slog.String("file", f.file))
}

// read reads the file. One that has come to say nothing of Pod Security is a fault,
// although it is the default configuration at the start: nobody who wants everything
// to be privileged says nothing, and whoever writes a file empties it first.
func (f *configurationFollower) read() configurationReading {
	config, empty, err := admission.LoadConfig(f.file, f.readFile)
	switch {
	case err != nil:
		return configurationReading{fault: err.Error()}
	case empty != "" && !config.Equal(f.used):
		return configurationReading{fault: empty + " says nothing of Pod Security: for the defaults, write a PodSecurityConfiguration without any"}
	}
	return configurationReading{config: config}
}
