package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/labels"

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
	// whole has all of a cluster read whatever namespaces are asked about: what is
	// in the rest matters to them.
	whole bool

	connection connectionOptions
	from       string
	namespace  *pflag.Flag
	all        bool
	selector   parsed[labels.Selector]

	// namespaces are those asked about, all if there are none. complete makes them
	// of the arguments; load adds those that the selector selects, and counts those
	// of which it cannot be known, because nobody has seen their labels.
	namespaces []string
	unknown    int
}

// flags defines the flags of the source.
func (o *sourceOptions) flags(cmd *cobra.Command) {
	o.input.flags(cmd)
	cmd.Flags().Lookup("allow-unchecked").Usage =
		"do not fail for what seems to hold pods but is of an unknown kind, or what may not be listed"
	cmd.Flags().Lookup("namespace").Usage =
		"only this `NAMESPACE` of a cluster; with -f, that of objects that do not name theirs (\"default\")"
	o.fromFlag(cmd)
	o.connectionFlags(cmd)
	o.scopeFlags(cmd)
}

// fromFlag defines the flag that names a snapshot.
func (o *sourceOptions) fromFlag(cmd *cobra.Command) {
	flagGroup(cmd, "Input", func(fs *pflag.FlagSet) {
		fs.StringVar(&o.from, "from", "", "the `FILE` that gabion snapshot has written, - for standard input")
	})
}

// accessFlags defines the flags of a source that has to know who may do what,
// which manifests do not say.
func (o *sourceOptions) accessFlags(cmd *cobra.Command) {
	o.input.recursive = true
	flagGroup(cmd, "Input", func(fs *pflag.FlagSet) {
		fs.StringVarP(&o.input.namespace, "namespace", "n", "default", "only this `NAMESPACE` of the cluster")
		fs.StringSliceVarP(&o.input.files, "filename", "f", nil, "`PATHS`, which are refused with the reason")
	})
	cmd.Flags().Lookup("filename").Hidden = true
	o.fromFlag(cmd)
	o.connectionFlags(cmd)
	o.scopeFlags(cmd)
}

// clusterFlags defines the flags of a source that can only be a live cluster.
func (o *sourceOptions) clusterFlags(cmd *cobra.Command) {
	o.input.recursive = true
	flagGroup(cmd, "Input", func(fs *pflag.FlagSet) {
		fs.StringVarP(&o.input.namespace, "namespace", "n", "default", "only this `NAMESPACE` of the cluster")
		templatePathFlag(fs, &o.input.templatePaths)
	})
	o.connectionFlags(cmd)
}

// connectionFlags defines the flags that say which cluster is meant, when all
// others of the source are defined.
func (o *sourceOptions) connectionFlags(cmd *cobra.Command) {
	o.connection.system = o.input.system
	o.connection.flags(cmd)
	cmd.ValidArgsFunction = o.completeArguments
	o.namespace = cmd.Flags().Lookup("namespace")
	o.namespace.DefValue = ""
}

// complete finds faults of the flags and arguments, which name namespaces and
// paths.
func (o *sourceOptions) complete(args []string) error {
	names, paths := namesAndPaths(args)
	if err := o.input.complete(paths); err != nil {
		return err
	}
	o.input.fromSnapshot = o.from != ""
	files := len(o.input.paths) > 0
	switch {
	case o.from != "" && files:
		return usagef("--from and files cannot be read at once")
	case o.from != "" && len(o.input.templatePaths) > 0:
		return usagef("--pod-template-path is for gabion snapshot: --from has only the pods that were found then")
	case files || o.namespace == nil || !o.namespace.Changed: // of files, it is for objects that name none
		o.namespaces = names
	case len(names) > 0:
		return usagef("--namespace=%s and %q both name namespaces: name all of them as arguments", o.input.namespace, names[0])
	default:
		o.namespaces = []string{o.input.namespace}
	}
	return o.completeScope(names)
}

// stdin reports whether standard input is read.
func (o *sourceOptions) stdin() bool {
	return o.from == workload.Stdin || slices.Contains(o.input.paths, workload.Stdin)
}

// live reports whether the source is a live cluster.
func (o *sourceOptions) live() bool { return o.from == "" && len(o.input.paths) == 0 }

// load reads the source, of which only the namespaces asked about stay. What could
// not be read or listed is in the inventory; an error means that there is none.
func (o *sourceOptions) load(ctx context.Context) (*inventory.Inventory, error) {
	i, err := o.read(ctx)
	if err != nil {
		return nil, err
	}
	if err := o.choose(i); err != nil {
		noteProblems(newConsole(o.input.system), i, o)
		return nil, err
	}
	if len(o.namespaces) > 0 && !o.whole {
		i.Keep(func(namespace string) bool { return slices.Contains(o.namespaces, namespace) })
	}
	return i, nil
}

// read reads the source.
func (o *sourceOptions) read(ctx context.Context) (*inventory.Inventory, error) {
	switch {
	case o.live() && o.whole:
		return o.listed(ctx, nil)
	case o.live():
		return listFew(o.namespaces, func(names []string) (*inventory.Inventory, error) { return o.listed(ctx, names) })
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

// listed lists the live cluster, or some of its namespaces.
func (o *sourceOptions) listed(ctx context.Context, names []string) (*inventory.Inventory, error) {
	b := o.builder("")
	l := cluster.ListOptions{Parts: o.parts, Extra: b.Extra, Namespaces: names}
	if err := o.list(ctx, l, &b.Inventory, b.Add); err != nil {
		return nil, orPath(err, o.namespaces)
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
			return all, err
		}
	}
	return list(names)
}

// builder returns the builder of the inventory.
func (o *sourceOptions) builder(namespace string) *inventory.Builder {
	b := inventory.NewBuilder(namespace)
	b.Extra, b.Labels = o.input.extra, o.input.labels
	return b
}

// list lists the live cluster, until somebody interrupts it.
func (o *sourceOptions) list(ctx context.Context, l cluster.ListOptions, rest *inventory.Inventory, add func(*workload.Item)) error {
	ctx, stop := o.input.system.carefully(ctx)
	defer stop()
	config, err := o.connection.config()
	if err != nil {
		return err
	}
	console := newConsole(o.input.system)
	defer console.listing()()
	at := "namespaces"
	l.Paths = o.input.templates
	l.Progress = func(p cluster.Progress) {
		if p.Done > 0 {
			at = p.Resource
		}
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
		if console := newConsole(o.input.system); console.bar != nil {
			console.begin([]string{o.from})
			defer console.clear()
			in = console.watch(f)
		}
	}
	b := o.builder("")
	if err := snapshot.Read(in, b); err != nil {
		return nil, fmt.Errorf("%s: %w", o.from, err)
	}
	return b.Build(), nil
}
