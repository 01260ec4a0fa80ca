package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// groupAnnotation keeps under which heading a flag stands in the help.
const groupAnnotation = "gabion_group"

// helpWidth is how long the lines about flags may be.
const helpWidth = 90

// flagGroup defines flags that stand together in the help.
func flagGroup(cmd *cobra.Command, title string, define func(*pflag.FlagSet)) {
	fs := pflag.NewFlagSet(title, pflag.ContinueOnError)
	fs.SortFlags = false
	define(fs)
	fs.VisitAll(func(f *pflag.Flag) { f.Annotations = map[string][]string{groupAnnotation: {title}} })
	cmd.Flags().SortFlags = false
	cmd.Flags().AddFlagSet(fs)
}

// newHelp returns the help command.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Say how a command is used",
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			found, rest, err := root.Find(args)
			if err != nil || found == root && len(args) > 0 || found != root && len(rest) > 0 {
				return unknownCommand(root, strings.Join(args, " "))
			}
			found.InitDefaultHelpFlag()
			return found.Help()
		},
	}
}

// printHelp writes the help of a command to standard output.
func printHelp(s *System, cmd *cobra.Command) {
	var b strings.Builder
	about := cmd.Long
	if about == "" {
		about = cmd.Short
	}
	b.WriteString(strings.TrimSpace(about) + "\n\nUsage:\n")
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "  %s COMMAND [flags]\n", cmd.CommandPath())
	} else {
		fmt.Fprintf(&b, "  %s\n", cmd.UseLine())
	}
	if cmd.Example != "" {
		b.WriteString("\nExamples:\n" + strings.ReplaceAll(strings.Trim(cmd.Example, "\n"), "gabion ", s.Name+" ") + "\n")
	}
	if cmd.HasAvailableSubCommands() {
		b.WriteString("\nCommands:\n")
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				fmt.Fprintf(&b, "  %-11s %s\n", c.Name(), c.Short)
			}
		}
	}
	b.WriteString(flagUsages(cmd))
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\nSee '%s COMMAND --help' for more about a command.\n", cmd.CommandPath())
	}
	_, s.helpErr = fmt.Fprint(s.Stdout, b.String())
}

// flagUsages describes the flags, group by group in the order of definition.
func flagUsages(cmd *cobra.Command) string {
	const other = "Other"
	groups := map[string]*pflag.FlagSet{}
	var titles []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		title := other
		if g := f.Annotations[groupAnnotation]; len(g) > 0 {
			title = g[0]
		}
		if groups[title] == nil {
			groups[title] = pflag.NewFlagSet(title, pflag.ContinueOnError)
			groups[title].SortFlags = false
			titles = append(titles, title)
		}
		groups[title].AddFlag(f)
	})
	if i := slices.Index(titles, other); i >= 0 {
		titles = append(slices.Delete(titles, i, i+1), other)
	}
	var b strings.Builder
	for _, title := range titles {
		b.WriteString("\n" + title + ":\n" + groups[title].FlagUsagesWrapped(helpWidth))
	}
	return b.String()
}
