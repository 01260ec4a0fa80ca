package cluster

import (
	"context"
	"strings"

	"github.com/gabion-security/gabion/pss"
)

// Plugin says whether an API server's own PodSecurity plugin is on.
type Plugin uint8

// What is known of the plugin.
const (
	PluginUnknown Plugin = iota
	PluginOff
	PluginOn
)

// String returns what is known in one word.
func (p Plugin) String() string {
	switch p {
	case PluginOff:
		return "off"
	case PluginOn:
		return "on"
	case PluginUnknown:
	}
	return "unknown"
}

// Plugin asks, by a dry run, for a label that Pod Security takes for invalid. The
// plugin answers before webhooks are asked, so that whatever they say tells that it
// is off. It is unknown to who may not patch the namespace. An error means that the
// API server did not answer.
func (a *Asker) Plugin(ctx context.Context, namespace string) (Plugin, error) {
	answer, err := a.Label(ctx, namespace, map[string]string{pss.EnforceLabel: "is-the-plugin-on"})
	switch {
	case err != nil, answer.Unasked != "":
		return PluginUnknown, err
	case answer.Denied != "" && !strings.Contains(answer.Denied, `admission webhook "`):
		return PluginOn, nil
	}
	return PluginOff, nil
}
