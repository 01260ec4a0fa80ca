package cli

import (
	"os"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/report"
)

// admissionConfig reads an API server's configuration of Pod Security admission.
// An empty file is the default configuration to an API server, and seldom what
// somebody meant who names one.
func (s *System) admissionConfig(file string) (admission.Config, error) {
	empty := false
	config, err := admission.LoadConfig(file, func(name string) ([]byte, error) {
		text, err := os.ReadFile(name)
		empty = empty || err == nil && len(text) == 0
		return text, err
	})
	if empty && err == nil {
		newConsole(s).line("note: " + report.Escape(file) + " is empty: like an API server, gabion takes everything to be privileged by default")
	}
	return config, err //nolint:wrapcheck // it names the file
}
