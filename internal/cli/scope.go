package cli

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/workload"
)

// scopeFlags defines the flags that choose namespaces.
func (o *sourceOptions) scopeFlags(cmd *cobra.Command) {
	o.selector = parsed[labels.Selector]{parse: labelSelector, name: "SELECTOR"}
	flagGroup(cmd, "Scope", func(fs *pflag.FlagSet) {
		fs.BoolVarP(&o.all, "all", "A", false, "every namespace that there is, which goes without saying")
		fs.VarP(&o.selector, "selector", "l", "only namespaces whose labels match")
	})
}

// labelSelector reads a selector as kubectl does.
func labelSelector(s string) (labels.Selector, error) {
	return labels.Parse(s) //nolint:wrapcheck // the flag is named by whoever reports it
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

// completeScope finds faults of what chooses namespaces.
func (o *sourceOptions) completeScope(names []string) error {
	flag := "--all"
	if o.selector.set {
		flag = "--selector"
	}
	if (o.all || o.selector.set) && len(names) > 0 {
		return usagef("%s and the namespace %s exclude each other; a path has a slash or a dot, such as ./%s", flag, names[0], names[0])
	}
	return checkNamespaces(o.namespaces)
}

// narrow reports whether only some namespaces are asked about.
func (o *sourceOptions) narrow() bool { return len(o.namespaces) > 0 || o.selector.set }

// choose finds the namespaces asked about in an inventory. It is an error if they
// are not there.
func (o *sourceOptions) choose(i *inventory.Inventory) error {
	if err := o.absent(i); err != nil || !o.selector.set {
		return err
	}
	var selected []string
	for k := range i.Namespaces {
		ns := &i.Namespaces[k]
		if len(o.namespaces) > 0 && !slices.Contains(o.namespaces, ns.Name) {
			continue
		}
		if !ns.Stated {
			o.unknown++
		}
		if o.selector.value.Matches(labels.Set(ns.Labels)) {
			selected = append(selected, ns.Name)
		}
	}
	if o.unknown > 0 {
		newConsole(o.input.system).line("note: the labels of " + plural(o.unknown, "namespace") + " are not known, so --selector may have left them out")
	}
	if o.namespaces = selected; len(selected) == 0 {
		return fmt.Errorf("no namespace in %s has the labels that --selector=%s asks for", o.where(), o.selector.text)
	}
	return nil
}

// where says what is looked at.
func (o *sourceOptions) where() string {
	switch {
	case o.live():
		return "the cluster"
	case o.from == workload.Stdin:
		return "the snapshot"
	case o.from != "":
		return report.Escape(o.from)
	}
	return "the input"
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
	return orPath(fmt.Errorf("there %s %s in %s", choose(len(absent), "is no namespace", "are no namespaces"), strings.Join(quoted, ", "), o.where()), absent)
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
