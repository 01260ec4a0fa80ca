package cli

import (
	"github.com/spf13/cobra"
)

// newExceptionsCommand returns `gabion exceptions`.
func newExceptionsCommand(s *System) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "exceptions COMMAND",
		Short: "List, check and write what is let pass all the same",
		Long: `List, check and write PodSecurityExceptions: what pods may do although the level of
their namespace forbids it. 'gabion check' judges by those of --exceptions and
--policy-dir; 'gabion preview', 'plan', 'label' and 'upgrade' also by those of the
cluster that they look at.

Of what an exception names, only the namespace protects it. Labels, service accounts,
names of containers and tags of images are chosen by whoever writes the pod: they
narrow it to what it is for, and keep nobody out.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return unknownCommand(cmd, args[0])
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },

		SuggestionsMinimumDistance: 2,
	}
	cmd.AddCommand(newExceptionsLint(s), newExceptionsList(s), newExceptionsSuggest(s))
	return cmd
}
