package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// newRoot returns the command tree, as far as the arguments need it.
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
	for _, c := range needed(s.Args) {
		root.AddCommand(c.create(s))
	}
	return root
}

// command is a command by its name.
type command struct {
	name   string
	create func(*System) *cobra.Command
}

// commands returns every command, as help lists them.
func commands() []command {
	return []command{
		{"check", newCheck},
		{"fix", newFix},
		{"preview", newPreview},
		{"plan", newPlan},
		{"snapshot", newSnapshot},
		{"label", newLabel},
		{"upgrade", newUpgrade},
		{"who-can", newWhoCan},
		{"exceptions", newExceptionsCommand},
		{"controls", newControls},
		{"explain", newExplain},
		{"psp", newPSP},
		{"serve", newServe},
		{"unregister", newUnregister},
		{"install", newInstall},
		{"uninstall", newUninstall},
		{"version", newVersion},
		{"completion", newCompletion},
	}
}

// needed returns the commands that the arguments need: the one they begin with, or
// all. To create all of them takes longer than to check a small file.
func needed(args []string) []command {
	all := commands()
	i := slices.IndexFunc(all, func(c command) bool { return len(args) > 0 && c.name == args[0] })
	if i < 0 || all[i].name == "completion" { // whose scripts are for all
		return all
	}
	return all[i : i+1]
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
