package cli

import (
	"os"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/report"
)

// admissionConfig reads an API server's configuration of Pod Security admission.
func (s *System) admissionConfig(file string) (admission.Config, error) {
	config, empty, err := admission.LoadConfig(file, os.ReadFile)
	if empty != "" {
		newConsole(s).line("note: " + report.Escape(empty) + " says nothing of Pod Security: like an API server, gabion takes everything to be privileged by default")
	}
	return config, err //nolint:wrapcheck // it names the file
}
