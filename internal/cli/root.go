package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// newRoot returns the command tree.
func newRoot(s *System) *cobra.Command {
	root := &cobra.Command{
		Use:   strings.ReplaceAll(s.Name, " ", "-"),
		Short: "Pod Security for manifests and clusters",
		Long: `Gabion says what Pod Security admission would say to your pods, where in your
manifests, and why.`,
		Annotations:                map[string]string{cobra.CommandDisplayNameAnnotation: s.Name},
		SilenceErrors:              true,
		SilenceUsage:               true,
		SuggestionsMinimumDistance: 2,
		CompletionOptions:          cobra.CompletionOptions{DisableDefaultCmd: true},
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return unknownCommand(cmd, args[0])
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(s.Stdin)
	root.SetOut(s.Stdout)
	root.SetErr(s.Stderr)
	root.SetFlagErrorFunc(flagFault)
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { printHelp(s, cmd) })
	root.SetHelpCommand(newHelp())
	root.AddCommand(
		newCheck(s),
		newFix(s),
		newPreview(s),
		newPlan(s),
		newSnapshot(s),
		newLabel(s),
		newUpgrade(s),
		newWhoCan(s),
		newExceptionsCommand(s),
		newControls(s),
		newExplain(s),
		newPSP(s),
		newServe(s),
		newUnregister(s),
		newInstall(s),
		newUninstall(s),
		newVersion(s),
		newCompletion(s),
	)
	return root
}

// unknownCommand says what the user may have meant.
func unknownCommand(cmd *cobra.Command, name string) error {
	if slices.Contains(peerCommands, name) && !cmd.HasParent() {
		return usagef("there is no command %q; did you mean check?", name)
	}
	if close := cmd.SuggestionsFor(name); len(close) > 0 {
		return usagef("there is no command %q; did you mean %s?", name, strings.Join(close, " or "))
	}
	return usagef("there is no command %q", name)
}

// noArgs refuses positional arguments.
func noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("unexpected argument %q", args[0])
	}
	return nil
}
