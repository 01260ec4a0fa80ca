package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/internal/document"
)

// peerFlags are flags that other scanners have, with those that do the same here.
var peerFlags = map[string]string{
	"format": "--output", "exit-code": "--fail-on", "severity": "--level", "severity-threshold": "--level",
	"quiet": "-o name", "verbose": "-o wide", "ignorefile": "--baseline", "helm-release-name": "--release-name",
}

// peerCommands are what others call gabion check.
var peerCommands = []string{"scan", "lint", "validate", "test", "score"}

// flagFault says which flag may have been meant by one that does not exist.
func flagFault(cmd *cobra.Command, err error) error {
	name, ok := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !ok {
		return usagef("%s", err)
	}
	best, least := peerFlags[name], 3
	if flag, _, _ := strings.Cut(best, " "); best != "" && cmd.Flags().Lookup(strings.TrimLeft(flag, "-")) == nil && !strings.HasPrefix(flag, "-o") {
		best = ""
	}
	if best == "" {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if d := document.Distance(name, f.Name); d < least && !f.Hidden {
				best, least = "--"+f.Name, d
			}
		})
	}
	if best != "" {
		return usagef("%s; did you mean %s?", err, best)
	}
	return usagef("%s", err)
}
