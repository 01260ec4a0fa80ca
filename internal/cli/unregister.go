package cli

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/gabion-security/gabion/internal/server/registration"
	"github.com/gabion-security/gabion/internal/server/resource"
)

type unregisterOptions struct {
	connection connectionOptions
}

// newUnregister returns `gabion unregister`.
func newUnregister(s *System) *cobra.Command {
	o := unregisterOptions{connection: connectionOptions{system: s}}
	cmd := &cobra.Command{
		Use:   "unregister",
		Short: "Remove the webhook configuration: Gabion enforces nothing any more",
		Long: `Remove the webhook configurations that 'gabion serve --register' has written, and
say what is no longer enforced. Servers that run are told, and leave them
be; those that start later with --register write them again.`,
		Example: `  gabion unregister --kubeconfig=admin.conf`,
		Args:    noArgs,
		RunE:    func(*cobra.Command, []string) error { return o.run() },
	}
	o.connection.flags(cmd)
	return cmd
}

func (o *unregisterOptions) run() error {
	ctx, stop := o.connection.system.carefully(context.Background())
	defer stop()
	client, host, err := o.connection.client()
	if err != nil {
		return err
	}
	return unregister(ctx, o.connection.system.Stdout, client, host)
}

// unregister removes the webhook configuration and tells what that means.
func unregister(ctx context.Context, out io.Writer, client *resource.Client, host string) error {
	removed, err := registration.Remove(ctx, client, "gabion unregister")
	if err != nil {
		return fmt.Errorf("removing the webhook configuration from %s: %w", host, err)
	}
	if len(removed) == 0 {
		_, err := fmt.Fprintf(out, "There is no webhook configuration %q in %s: Gabion enforces nothing there.\n", registration.Name, host)
		return err
	}
	text := fmt.Sprintf("Removed the webhook configuration %q from %s. From now on:\n", registration.Name, host)
	for _, w := range []struct{ name, meaning string }{
		{registration.EnforceWebhook, "pods are no longer refused for violating the level that their namespace enforces"},
		{registration.NamespacesWebhook, "Pod Security labels of namespaces are no longer validated, and nobody is warned of existing pods"},
		{registration.AdvisoryWebhook, "nobody is warned of workloads, and nothing is written to the audit log"},
		{registration.NewNamespacesWebhook, "new namespaces get no labels"},
	} {
		if slices.Contains(removed, w.name) {
			text += "- " + w.meaning + "\n"
		}
	}
	text += "Only the API server's own PodSecurity plugin, where it is on, still enforces the labels.\n" +
		"A server that starts with --register writes the configuration again.\n"
	_, err = io.WriteString(out, text)
	return err
}
