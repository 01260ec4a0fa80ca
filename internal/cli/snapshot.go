package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/internal/snapshot"
	"github.com/gabion-security/gabion/workload"
)

type snapshotOptions struct {
	source sourceOptions
	output string
}

// newSnapshot returns `gabion snapshot`.
func newSnapshot(s *System) *cobra.Command {
	o := snapshotOptions{source: sourceOptions{input: inputOptions{system: s}}}
	cmd := &cobra.Command{
		Use:   "snapshot -o FILE",
		Short: "Keep what a cluster contains in a file, for commands with --from",
		Long: `Keep what a live cluster contains in a file, as far as Pod Security is concerned:
namespaces and their labels, pods and all that makes pods, service accounts, who
may do what, and PodSecurityPolicies where there are any; and where the API server
is. Other commands read it with --from, and need no cluster then.

Of a pod the file has what Pod Security and PodSecurityPolicy look at, its labels,
the images and whether there are limits. It has no environment, commands,
arguments, secrets or configuration. It is readable for its owner only.`,
		Example: `  gabion snapshot -o cluster.json.gz
  gabion preview --all --enforce=baseline --from=cluster.json.gz`,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := noArgs(cmd, args); err != nil {
				return err
			}
			return o.complete()
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	flagGroup(cmd, "Output", func(fs *pflag.FlagSet) {
		fs.StringVarP(&o.output, "output", "o", "", "the `FILE` to write, - for standard output")
	})
	o.source.clusterFlags(cmd)
	return cmd
}

func (o *snapshotOptions) complete() error {
	if o.output == "" {
		return usagef("-o FILE is missing: name the file to write, or - for standard output")
	}
	return o.source.complete(nil)
}

func (o *snapshotOptions) run(ctx context.Context) error {
	var w snapshot.Writer
	all := cluster.ListOptions{Parts: cluster.Pods | cluster.Access | cluster.Policies, Extra: true, Namespaces: o.source.namespaces}
	if err := o.source.list(ctx, all, &w.Rest, w.Add); err != nil {
		return err
	}
	o.tell(&w.Rest)
	if o.output == workload.Stdin {
		if _, err := w.WriteTo(o.source.input.system.Stdout); err != nil {
			return err
		}
		return o.outcome(&w.Rest)
	}
	size := int64(0)
	if err := writeFile(o.output, func(f io.Writer) (err error) {
		size, err = w.WriteTo(f)
		return err
	}); err != nil {
		return fmt.Errorf("%s: %w", o.output, err)
	}
	newConsole(o.source.input.system).line(fmt.Sprintf("%s: %s, %s and %s in %s, which only you can read", report.Escape(o.output),
		plural(w.Namespaces, "namespace"), plural(w.Pods, "pod"), plural(w.Workloads, "workload"), kilobytes(size)))
	return o.outcome(&w.Rest)
}

// kilobytes is a size for people.
func kilobytes(size int64) string { return fmt.Sprintf("%d KB", (size+999)/1000) }

// outcome says whether all of the cluster is in the snapshot.
func (o *snapshotOptions) outcome(i *inventory.Inventory) error {
	if len(i.Missing)+len(i.Errors) > 0 {
		return errIncomplete
	}
	return nil
}

// tell says what is not in the snapshot.
func (o *snapshotOptions) tell(i *inventory.Inventory) {
	for _, m := range i.Missing {
		o.source.input.system.complain(report.EscapeSentence(missingLine(m)))
	}
	noteUnchecked(newConsole(o.source.input.system), i, "; name the templates with --pod-template-path 'GROUP/KIND=.path.to.template'")
	noteOpaque(newConsole(o.source.input.system), i)
}

// missingLine says that something could not be listed.
func missingLine(m inventory.Missing) string {
	if m.Namespace != "" {
		return fmt.Sprintf("%s in namespace %s could not be listed: %s", m.Resource, m.Namespace, m.Reason)
	}
	return fmt.Sprintf("%s could not be listed: %s", m.Resource, m.Reason)
}

// writeFile writes a file that only its owner can read. It is there with all of
// its content, or as it was before. What is there and is no file, such as a pipe
// or a device, is written to.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := createFile(path, 0o600)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.discard()
		return err
	}
	return f.commit()
}
