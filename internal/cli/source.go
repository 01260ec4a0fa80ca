package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
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
	// whole has all of a cluster read whatever namespaces are asked about: what is
	// in the rest matters to them.
	whole bool
	// snapshotFlag is the flag that names a snapshot, "from" if it is empty.
	snapshotFlag string

	connection connectionOptions
	from       string
	namespace  *pflag.Flag

	// What complete makes of the arguments: the namespaces asked about, all if
	// there are none.
	namespaces []string
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

// complete finds faults of the flags and arguments, which name namespaces and
// paths.
func (o *sourceOptions) complete(args []string) error {
	names, paths := namesAndPaths(args)
	if err := o.input.complete(paths); err != nil {
		return err
	}
	flag := "--" + o.snapshotFlag
	o.input.fromSnapshot = o.from != ""
	files := len(o.input.paths) > 0
	switch {
	case o.from != "" && files:
		return usagef("%s and files cannot be read at once", flag)
	case o.from != "" && len(o.input.templatePaths) > 0:
		return usagef("--pod-template-path is for gabion snapshot: %s has only the pods that were found then", flag)
	case files || o.namespace == nil || !o.namespace.Changed: // of files, it is for objects that name none
		o.namespaces = names
	case len(names) > 0:
		return usagef("--namespace=%s and %q both name namespaces: name all of them as arguments", o.input.namespace, names[0])
	default:
		o.namespaces = []string{o.input.namespace}
	}
	return checkNamespaces(o.namespaces)
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
	if err := o.absent(i); err != nil {
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

// absent says that namespaces are asked about which are not there. Who may not
// see namespaces cannot know.
func (o *sourceOptions) absent(i *inventory.Inventory) error {
	var absent, quoted []string
	for _, name := range o.namespaces {
		there := slices.ContainsFunc(i.Namespaces, func(ns inventory.Namespace) bool { return ns.Name == name })
		hidden := slices.ContainsFunc(i.Missing, func(m inventory.Missing) bool {
			return m.Resource == "namespaces" && (m.Namespace == "" || m.Namespace == name)
		})
		if !there && !hidden {
			absent, quoted = append(absent, name), append(quoted, strconv.Quote(name))
		}
	}
	if len(absent) == 0 {
		return nil
	}
	where := "the input"
	switch {
	case o.live():
		where = "the cluster"
	case o.from == workload.Stdin:
		where = "the snapshot"
	case o.from != "":
		where = o.from
	}
	return orPath(fmt.Errorf("there %s %s in %s", choose(len(absent), "is no namespace", "are no namespaces"), strings.Join(quoted, ", "), where), absent)
}

// orPath says beside an error that an argument is a path, if it was taken for a
// namespace and there is such a path.
func orPath(err error, names []string) error {
	for _, name := range names {
		if _, none := os.Lstat(name); none == nil {
			return fmt.Errorf("%w; the path of that name is written ./%s", err, name)
		}
	}
	return err
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
	return b.Build(), nil
}
