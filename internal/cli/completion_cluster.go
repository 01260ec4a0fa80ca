package cli

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/gabion-security/gabion/internal/cluster"
)

// completeWithin is how long whoever presses the tabulator waits for a cluster.
const completeWithin = 3 * time.Second

// completion completes a word, knowing the arguments before it.
type completion = func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective)

// completeFlags completes what names something in the kubeconfig, and namespaces
// where the command has such a flag.
func (o *connectionOptions) completeFlags(cmd *cobra.Command) {
	named := func(which func(cluster.Named) []string) completion {
		return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			names, err := o.cluster.Named(o.system.Getenv)
			if err != nil {
				cobra.CompDebugln(err.Error(), false)
			}
			return which(names), cobra.ShellCompDirectiveNoFileComp
		}
	}
	for flag, complete := range map[string]completion{
		"context":   named(func(n cluster.Named) []string { return n.Contexts }),
		"cluster":   named(func(n cluster.Named) []string { return n.Clusters }),
		"user":      named(func(n cluster.Named) []string { return n.Users }),
		"namespace": o.completeNamespaces(cobra.ShellCompDirectiveNoFileComp),
	} {
		if cmd.Flags().Lookup(flag) != nil {
			_ = cmd.RegisterFlagCompletionFunc(flag, complete) // the error says that there is one already
		}
	}
}

// completeNamespaces completes the names of the cluster's namespaces that are not
// there yet. Without a cluster there are none; the directive says what then.
func (o *connectionOptions) completeNamespaces(directive cobra.ShellCompDirective) completion {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		config, err := o.config()
		if err != nil {
			return nil, directive
		}
		ctx, cancel := context.WithTimeout(context.Background(), completeWithin)
		defer cancel()
		names, err := cluster.NamespaceNames(ctx, config)
		if err != nil {
			cobra.CompDebugln(err.Error(), false)
		}
		return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(args, name) }), directive
	}
}

// completeArguments completes namespaces of a live cluster, and paths.
func (o *sourceOptions) completeArguments(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	_, paths := namesAndPaths(append(slices.Clone(args), word))
	if o.from != "" || len(o.input.files) > 0 || len(paths) > 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return o.connection.completeNamespaces(cobra.ShellCompDirectiveDefault)(cmd, args, word)
}
