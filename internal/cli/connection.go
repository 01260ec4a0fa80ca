package cli

import (
	"errors"
	"path/filepath"
	"runtime/debug"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/internal/server/resource"
)

// connectionOptions are the flags by which people say which cluster is meant, as
// they say it to kubectl.
type connectionOptions struct {
	system     *System
	kubeconfig string
	context    string
}

func (o *connectionOptions) flags(cmd *cobra.Command) {
	flagGroup(cmd, "Cluster", func(fs *pflag.FlagSet) {
		fs.StringVar(&o.kubeconfig, "kubeconfig", "", "the `FILE` that says where the API server is (default as for kubectl)")
		fs.StringVar(&o.context, "context", "", "the `NAME` of the context in it")
	})
}

// client returns a client of the cluster, and the API server's address.
func (o *connectionOptions) client() (*resource.Client, string, error) {
	config, err := o.config()
	if err != nil {
		return nil, "", err
	}
	client, err := resource.NewClient(config)
	return client, config.Host, err
}

func (o *connectionOptions) config() (*rest.Config, error) {
	build, _ := debug.ReadBuildInfo()
	version := versionOf(o.system.Version, build).Version
	rules := &clientcmd.ClientConfigLoadingRules{ExplicitPath: o.kubeconfig}
	if list := o.system.Getenv("KUBECONFIG"); list != "" {
		rules.Precedence = filepath.SplitList(list)
	} else if home := o.system.Getenv("HOME"); home != "" {
		rules.Precedence = []string{filepath.Join(home, ".kube", "config")}
	}
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: o.context})
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, err
	}
	if len(raw.Clusters) == 0 && o.kubeconfig == "" && o.context == "" {
		config, err := cluster.Connect(cluster.ConnectOptions{Version: version})
		if err != nil {
			return nil, errors.New("there is no kubeconfig: name one with --kubeconfig")
		}
		return config, nil
	}
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, err
	}
	config.UserAgent = "gabion/" + version
	return config, nil
}
