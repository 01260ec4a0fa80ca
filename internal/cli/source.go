package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/snapshot"
	"github.com/gabion-security/gabion/workload"
)

// sourceOptions say which cluster a command looks at: a live one, a snapshot of
// one, or manifests.
type sourceOptions struct {
	input inputOptions
	// parts are what is wanted of a live cluster; none means pods.
	parts cluster.Parts
	// snapshotFlag is the flag that names a snapshot, "from" if it is empty.
	snapshotFlag string
	// namespaces are the only ones wanted of a live cluster, all if there are
	// none. complete adds that of --namespace.
	namespaces []string

	connection connectionOptions
	from       string
	namespace  *pflag.Flag
}

// flags defines the flags of the source.
func (o *sourceOptions) flags(cmd *cobra.Command) {
	o.connection.system = o.input.system
	if o.snapshotFlag == "" {
		o.snapshotFlag = "from"
	}
	o.input.flags(cmd)
	flagGroup(cmd, "Input", func(fs *pflag.FlagSet) {
		fs.StringVar(&o.from, o.snapshotFlag, "", "the `FILE` that gabion snapshot has written, - for standard input")
	})
	o.connection.flags(cmd)
	cmd.Flags().Lookup("allow-unchecked").Usage =
		"do not fail for what seems to hold pods but is of an unknown kind, or what may not be listed"
	o.namespace = cmd.Flags().Lookup("namespace")
	o.namespace.DefValue = ""
	o.namespace.Usage = "only this `NAMESPACE` of a cluster; with -f, that of objects that do not name theirs (\"default\")"
}

// clusterFlags defines the flags of a source that can only be a live cluster.
func (o *sourceOptions) clusterFlags(cmd *cobra.Command) {
	o.connection.system, o.input.recursive = o.input.system, true
	flagGroup(cmd, "Input", func(fs *pflag.FlagSet) {
		fs.StringVarP(&o.input.namespace, "namespace", "n", "default", "only this `NAMESPACE` of the cluster")
		templatePathFlag(fs, &o.input.templatePaths)
	})
	o.connection.flags(cmd)
	o.namespace = cmd.Flags().Lookup("namespace")
	o.namespace.DefValue = ""
}

// namesAndPaths tells the names of namespaces from paths, which have a slash or a
// dot, as no namespace has.
func namesAndPaths(args []string) (names, paths []string) {
	for _, arg := range args {
		if arg == workload.Stdin || strings.ContainsAny(arg, `./\`) {
			paths = append(paths, arg)
		} else {
			names = append(names, arg)
		}
	}
	return names, paths
}

// completeWith is complete for a command whose arguments also name namespaces. Of
// a live cluster, nothing else is listed.
func (o *sourceOptions) completeWith(names, paths []string) error {
	if err := o.complete(paths); err != nil {
		return err
	}
	if len(names) > 0 && len(o.namespaces) > 0 && len(o.input.paths) == 0 {
		return usagef("--namespace=%s and %q both name namespaces: name all of them as arguments", o.namespaces[0], names[0])
	}
	o.namespaces = append(o.namespaces, names...)
	return nil
}

// complete finds faults of the flags; paths are positional ones.
func (o *sourceOptions) complete(paths []string) error {
	if err := o.input.complete(paths); err != nil {
		return err
	}
	flag := "--" + o.snapshotFlag
	o.input.fromSnapshot = o.from != ""
	switch {
	case o.from != "" && len(o.input.paths) > 0:
		return usagef("%s and files cannot be read at once", flag)
	case o.from != "" && len(o.input.templatePaths) > 0:
		return usagef("--pod-template-path is for gabion snapshot: %s has only the pods that were found then", flag)
	case len(o.input.paths) > 0:
		return nil
	}
	if o.namespace != nil && o.namespace.Changed {
		o.namespaces = append(o.namespaces, o.input.namespace)
	}
	return nil
}

// live reports whether the source is a live cluster.
func (o *sourceOptions) live() bool { return o.from == "" && len(o.input.paths) == 0 }

// load reads the whole source. What could not be read or listed is in the
// inventory; an error means that there is none.
func (o *sourceOptions) load(ctx context.Context) (*inventory.Inventory, error) {
	switch {
	case o.live():
		return listFew(o.namespaces, func(names []string) (*inventory.Inventory, error) {
			b := o.builder("")
			l := cluster.ListOptions{Parts: o.parts, Extra: b.Extra, Namespaces: names}
			if err := o.list(ctx, l, &b.Inventory, b.Add); err != nil {
				return nil, err
			}
			return b.Build(), nil
		})
	case o.from != "":
		return o.snapshot()
	}
	in := newInput(&o.input)
	b := o.builder(o.input.namespace)
	for item := range in.items() {
		b.Add(&item)
	}
	return b.Build(), nil
}

// fewNamespaces are listed one by one; of more, the whole cluster is listed.
const fewNamespaces = 10

// listFew lists what is in the namespaces, or in all if there are none. Who may not
// list pods everywhere may perhaps list them there.
func listFew(names []string, list func(names []string) (*inventory.Inventory, error)) (*inventory.Inventory, error) {
	if len(names) > fewNamespaces {
		all, err := list(nil)
		if err != nil || !slices.ContainsFunc(all.Missing, func(m inventory.Missing) bool { return m.Resource == "pods" }) {
			if err == nil {
				all.Keep(func(namespace string) bool { return slices.Contains(names, namespace) })
			}
			return all, err
		}
	}
	return list(names)
}

// builder returns the builder of the inventory.
func (o *sourceOptions) builder(namespace string) *inventory.Builder {
	b := inventory.NewBuilder(namespace)
	b.Extra = o.input.extra
	return b
}

// list lists the live cluster, until somebody interrupts it.
func (o *sourceOptions) list(ctx context.Context, l cluster.ListOptions, rest *inventory.Inventory, add func(*workload.Item)) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	config, err := o.connection.config()
	if err != nil {
		return err
	}
	console := newConsole(o.input.system)
	defer console.clear()
	at := "namespaces"
	l.Paths = o.input.templates
	l.Progress = func(p cluster.Progress) {
		at = p.Resource
		console.list(p)
	}
	err = cluster.List(ctx, config, l, rest, add)
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted while the cluster was being listed, after some or all of %s: nothing was done", at)
	}
	if err != nil {
		return fmt.Errorf("listing what is in %s: %w", cluster.Address(config), err)
	}
	return nil
}

// snapshot reads a snapshot.
func (o *sourceOptions) snapshot() (*inventory.Inventory, error) {
	in := o.input.system.Stdin
	if o.from != workload.Stdin {
		f, err := os.Open(o.from)
		if err != nil {
			var cause *os.PathError
			if errors.As(err, &cause) {
				err = cause.Err
			}
			return nil, fmt.Errorf("%s: %w", o.from, err)
		}
		defer func() { _ = f.Close() }() // it was only read
		in = f
	}
	b := o.builder("")
	if err := snapshot.Read(in, b); err != nil {
		return nil, fmt.Errorf("%s: %w", o.from, err)
	}
	i := b.Build()
	if len(o.namespaces) > 0 {
		i.Keep(func(namespace string) bool { return slices.Contains(o.namespaces, namespace) })
	}
	return i, nil
}
