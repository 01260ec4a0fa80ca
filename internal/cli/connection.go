package cli

import (
	"runtime/debug"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/internal/server/resource"
)

// connectionOptions are the flags by which people say which cluster is meant, as
// they say it to kubectl.
type connectionOptions struct {
	system  *System
	cluster cluster.Flags
}

func (o *connectionOptions) flags(cmd *cobra.Command) {
	flagGroup(cmd, "Cluster", o.cluster.Bind)
	o.completeFlags(cmd)
}

// client returns a client of the cluster, and the API server's address.
func (o *connectionOptions) client() (*resource.Client, string, error) {
	config, err := o.config()
	if err != nil {
		return nil, "", err
	}
	client, err := resource.NewClient(config)
	return client, cluster.Address(config), err
}

// config returns how the cluster is reached.
func (o *connectionOptions) config() (*rest.Config, error) {
	build, _ := debug.ReadBuildInfo()
	return o.cluster.Config(o.system.Getenv, versionOf(o.system.Version, build).Version)
}
