package server

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/gabion-security/gabion/internal/admission"
)

// configurationInterval is how often the configuration's file is read. Reading is
// surer than notifications where files are links that are swapped, as in a
// ConfigMap.
const configurationInterval = 2 * time.Second

// followConfiguration replaces the configuration when its file changes. A file
// that cannot be used is reported once, and the old configuration stays.
func (s *server) followConfiguration(ctx context.Context) {
	if s.o.ConfigFile == "" {
		return
	}
	var used *admission.Config // nil: the one from the start
	fault := ""
	for ; ctx.Err() == nil; sleep(ctx, configurationInterval) {
		config, err := admission.LoadConfig(s.o.ConfigFile, os.ReadFile)
		switch {
		case err != nil && err.Error() == fault:
			continue
		case err == nil && fault == "" && used != nil && used.Equal(config):
			continue
		case err == nil:
			err = s.controller.SetConfig(config)
		}
		if err != nil {
			fault = err.Error()
			s.log.Error("the new configuration cannot be used, the old one stays", slog.String("error", fault))
			s.metrics.RecordConfigurationReload(false)
			continue
		}
		if used != nil || fault != "" {
			s.log.Info("the new configuration is in use", slog.String("file", s.o.ConfigFile))
			s.metrics.RecordConfigurationReload(true)
		}
		used, fault = &config, ""
	}
}
