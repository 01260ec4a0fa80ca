package cli

import (
	"github.com/spf13/cobra"
)

// newPSP returns `gabion psp`.
func newPSP(s *System) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "psp COMMAND",
		Short: "Understand PodSecurityPolicies, which Kubernetes 1.25 removed",
		Long: `Understand the PodSecurityPolicies that a cluster before 1.25 has or had: live, from
a snapshot, or from YAML backups.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return unknownCommand(cmd, args[0])
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPSPConvert(s), newPSPMap(s), newPSPMigrate(s), newPSPMutating(s), newPSPSimplify(s), newPSPSimulate(s))
	return cmd
}
