package cli

import (
	"context"

	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/internal/cluster"
)

// pluginAskedIn is a namespace that every cluster has.
const pluginAskedIn = "default"

const pluginUnknown = "note: whether the API server's own PodSecurity plugin is on could not be found out (may you patch the namespace " +
	pluginAskedIn + "?); where it is, exceptions do not count"

// pluginOf finds out whether the API server's own plugin is on.
func pluginOf(ctx context.Context, config *rest.Config) (cluster.Plugin, error) {
	asker, err := cluster.NewAsker(config)
	if err != nil {
		return cluster.PluginUnknown, err
	}
	return asker.Plugin(ctx, pluginAskedIn)
}

// counting returns the exceptions if they count in a live cluster, and nil if its
// own PodSecurity plugin is on: what labels forbid it forbids, whatever is excepted.
func (x *exceptions) counting(ctx context.Context, s *System, config *rest.Config) (*exceptions, error) {
	if x == nil {
		return nil, nil //nolint:nilnil // there are none
	}
	plugin, err := pluginOf(ctx, config)
	if err != nil {
		return nil, err
	}
	switch plugin {
	case cluster.PluginOn:
		newConsole(s).line("note: the API server's own PodSecurity plugin is on, and knows no exceptions: none of them counts for labels; " +
			"where some are to, label the namespace privileged and have a guard with applyToPods and a floor enforce the rest")
		return nil, nil //nolint:nilnil // there are none that count
	case cluster.PluginUnknown:
		newConsole(s).line(pluginUnknown)
	case cluster.PluginOff:
	}
	return x, nil
}

// counting returns the exceptions if they count in what is looked at.
func (o *sourceOptions) counting(ctx context.Context, x *exceptions) (*exceptions, error) {
	if x == nil || !o.live() {
		return x, nil
	}
	config, err := o.connection.config()
	if err != nil {
		return nil, err
	}
	return x.counting(ctx, o.input.system, config)
}
