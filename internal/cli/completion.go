package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

// newCompletion returns `gabion completion`.
func newCompletion(s *System) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Write the script by which a shell completes commands and flags",
		Long: `Write the script by which a shell (` + strings.Join(shells, ", ") + `) completes commands,
flags and their values.

kubectl completes its plugin by the program kubectl_complete-gabion, which comes
with kubectl-gabion and has to be in the PATH beside it.`,
		Example: `  # For this bash session
  source <(gabion completion bash)

  # For every zsh session
  gabion completion zsh > "${fpath[1]}/_gabion"`,
		ValidArgs: shells,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("name one shell: %s", strings.Join(shells, ", "))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(s.Stdout, true)
			case "zsh":
				return root.GenZshCompletion(s.Stdout)
			case "fish":
				return root.GenFishCompletion(s.Stdout, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(s.Stdout)
			}
			return usagef("there is no completion for the shell %q, only for %s", args[0], strings.Join(shells, ", "))
		},
	}
}
