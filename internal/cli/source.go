package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/gabion-security/gabion/internal/inventory"
)

// sourceOptions say which cluster a command looks at.
type sourceOptions struct {
	input inputOptions
}

// flags defines the flags of the source.
func (o *sourceOptions) flags(cmd *cobra.Command) {
	o.input.flags(cmd)
}

// complete finds faults of the flags; paths are positional ones.
func (o *sourceOptions) complete(paths []string) error {
	if err := o.input.complete(paths); err != nil {
		return err
	}
	if len(o.input.paths) == 0 {
		return usagef("nothing to read: name files or directories with -f, or - for standard input")
	}
	return nil
}

// load reads the whole source. What could not be read or listed is in the
// inventory; an error means that there is none.
func (o *sourceOptions) load(context.Context) (*inventory.Inventory, error) {
	in := newInput(&o.input)
	b := inventory.NewBuilder(o.input.namespace)
	for item := range in.items() {
		b.Add(&item)
	}
	return b.Build(), nil
}
