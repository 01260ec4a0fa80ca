package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/gabion-security/gabion/internal/server/install"
	"github.com/gabion-security/gabion/internal/server/registration"
	"github.com/gabion-security/gabion/internal/server/resource"
)

type uninstallOptions struct {
	connection connectionOptions
	namespace  string
}

// newUninstall returns `gabion uninstall`.
func newUninstall(s *System) *cobra.Command {
	o := uninstallOptions{connection: connectionOptions{system: s}}
	cmd := &cobra.Command{
		Use:   "uninstall",
		Short: "Remove Gabion from a cluster, the webhook configuration first",
		Long: `Remove what 'gabion install' has printed from a cluster: first the webhook
configuration, so that no pod waits for an answer that will not come, then the
rest. The namespace is removed if 'gabion install' has made it.`,
		Example: `  gabion uninstall --kubeconfig=admin.conf`,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := noArgs(cmd, args); err != nil {
				return err
			}
			if !isDNSLabel(o.namespace) {
				return usagef("--namespace: %q cannot be the name of a namespace", o.namespace)
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error { return o.run() },
	}
	flagGroup(cmd, "Installation", func(fs *pflag.FlagSet) {
		fs.StringVarP(&o.namespace, "namespace", "n", install.DefaultNamespace, "the `NAMESPACE` it runs in")
	})
	o.connection.flags(cmd)
	return cmd
}

func (o *uninstallOptions) run() error {
	ctx, stop := o.connection.system.carefully(context.Background())
	defer stop()
	client, host, err := o.connection.client()
	if err != nil {
		return err
	}
	if err := unregister(ctx, o.connection.system.Stdout, client, host); err != nil {
		return err
	}
	var faults []error
	for _, object := range append(install.Objects(o.namespace), install.Namespace(o.namespace)) {
		faults = append(faults, o.remove(ctx, client, object))
	}
	// A server that was starting meanwhile may have written it once more.
	again, err := registration.Remove(ctx, client, "gabion uninstall")
	if err != nil {
		faults = append(faults, fmt.Errorf("removing the webhook configuration from %s again: %w", host, err))
	} else if len(again) > 0 {
		faults = append(faults, o.say("The webhook configuration had been written again meanwhile, and is removed.\n"))
	}
	return errors.Join(faults...)
}

// remove deletes an object, if it is there and part of an installation.
func (o *uninstallOptions) remove(ctx context.Context, client *resource.Client, object install.Object) error {
	var found struct {
		Metadata struct {
			Labels map[string]string `json:"labels"`
		} `json:"metadata"`
	}
	err := client.Get(ctx, object.Path, &found)
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case err != nil:
		return fmt.Errorf("%s %q: %w", object.Kind, object.Name, err)
	case found.Metadata.Labels[install.Label] != "gabion":
		return o.say("%s %q stays: it is not Gabion's (it has no label %s=gabion)\n", object.Kind, object.Name, install.Label)
	}
	if err := client.Delete(ctx, object.Path); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("%s %q: %w", object.Kind, object.Name, err)
	}
	return o.say("%s %q deleted\n", object.Kind, object.Name)
}

func (o *uninstallOptions) say(format string, args ...any) error {
	_, err := fmt.Fprintf(o.connection.system.Stdout, format, args...)
	return err
}
