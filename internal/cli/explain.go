package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/internal/document"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
)

type explainOptions struct {
	system *System
	output string
}

// newExplain returns `gabion explain`.
func newExplain(s *System) *cobra.Command {
	o := explainOptions{system: s}
	cmd := &cobra.Command{
		Use:   "explain CONTROL",
		Short: "Explain a control: what it asks for, why, and how to meet it",
		Long: `Explain one control of the Pod Security Standards, or of profiles: what it looks at and allows,
why, how a pod is brought to meet it, how it changed, and what corresponded to it
in PodSecurityPolicy. 'gabion controls' lists the controls; case does not matter.`,
		Example: `  gabion explain capabilities_restricted
  gabion explain runasnonroot -o json
  # One that only profiles have
  gabion explain readOnlyRootFilesystem`,
		ValidArgs: controlNames(),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("name one control")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return o.run(args[0]) },
	}
	flagGroup(cmd, "Output", func(fs *pflag.FlagSet) {
		outputFlag(fs, &o.output, report.ExplainFormats())
	})
	complete(cmd, map[string][]string{"output": report.ExplainFormats()})
	return cmd
}

func (o *explainOptions) run(name string) error {
	row, ok := lookupControl(name)
	if !ok {
		if close := closest(name, controlNames()); close != "" {
			return usagef("there is no control %q; did you mean %s?", name, close)
		}
		return usagef("there is no control %q; see '%s controls'", name, o.system.Name)
	}
	return report.WriteExplanation(o.system.Stdout, o.output, o.system.style(), &row)
}

// lookupControl finds a control by its ID or, where only one has it, its name.
func lookupControl(name string) (report.Control, bool) {
	var named []report.Control
	for _, c := range pss.Controls() {
		row := controlRow(&c, pss.Latest)
		if strings.EqualFold(row.ID, name) {
			return row, true
		}
		if strings.EqualFold(row.Name, name) {
			named = append(named, row)
		}
	}
	for _, row := range profileRows() {
		if strings.EqualFold(row.ID, name) {
			return row, true
		}
		if strings.EqualFold(row.Name, name) {
			named = append(named, row)
		}
	}
	for _, r := range pss.RetiredControls() {
		if strings.EqualFold(r.Name, name) {
			named = append(named, retiredRow(&r))
		}
	}
	if len(named) != 1 {
		return report.Control{}, false
	}
	return named[0], true
}

// controlNames are the IDs of all controls.
func controlNames() []string {
	var names []string
	for _, c := range pss.Controls() {
		names = append(names, string(c.ID))
	}
	for _, row := range profileRows() {
		names = append(names, row.ID)
	}
	return names
}

// closest returns the candidates that the name may have been meant to be: those
// that it begins or those at the smallest distance, if that is small.
func closest(name string, candidates []string) string {
	name = strings.ToLower(name)
	var close []string
	least := max(2, len(name)/3)
	for _, c := range candidates {
		lower := strings.ToLower(c)
		if len(name) > 2 && strings.HasPrefix(lower, name) {
			close = append(close, c)
			continue
		}
		switch d := document.Distance(name, lower); {
		case d < least:
			least, close = d, []string{c}
		case d == least:
			close = append(close, c)
		}
	}
	return strings.Join(close, " or ")
}
