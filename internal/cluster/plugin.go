package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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

// NamespacesWebhook is the name of the webhook of gabion serve that judges labels:
// where it answers a probe, no plugin has done so before it.
const NamespacesWebhook = "namespaces.pod-security.gabion.io"

// pluginProbe is a level that there is not.
const pluginProbe = "is-the-plugin-on"

// Plugin asks, by a dry run, for a label that Pod Security takes for invalid. The
// plugin says so in its own words, before anything else validates; so does Gabion's
// webhook, once the plugin has let it pass. Whoever changes what is asked for, or refuses
// it in other words, may have done so before the plugin saw it: then it is unknown, as it
// is to who may not patch the namespace. An error means that the API server did not
// answer.
func (a *Asker) Plugin(ctx context.Context, namespace string) (Plugin, error) {
	var heard hearing
	stored, err := a.label(ctx, namespace, map[string]string{pss.EnforceLabel: pluginProbe}, &heard)
	switch {
	case err == nil:
		return pluginPassed(stored), nil
	case ctx.Err() != nil:
		return PluginUnknown, ctx.Err()
	case isStatus(err):
		return pluginRefused(err), nil
	}
	return PluginUnknown, fmt.Errorf("asking the API server about the labels of namespace %q: %w", namespace, err)
}

// pluginPassed says what a namespace tells that would be stored.
func pluginPassed(stored []byte) Plugin {
	var ns struct {
		Metadata struct {
			Labels map[string]string `json:"labels"`
		} `json:"metadata"`
	}
	if json.Unmarshal(stored, &ns) != nil || ns.Metadata.Labels[pss.EnforceLabel] != pluginProbe {
		return PluginUnknown
	}
	return PluginOff
}

// pluginRefused says what a refusal tells.
func pluginRefused(err error) Plugin {
	status := apierrors.APIStatus(nil)
	if !errors.As(err, &status) || !apierrors.IsInvalid(err) {
		return PluginUnknown
	}
	const (
		field = "metadata.labels[" + pss.EnforceLabel + "]"
		value = `Invalid value: "` + pluginProbe + `": must be one of privileged, baseline, restricted`
	)
	details := status.Status().Details
	said := details != nil && slices.ContainsFunc(details.Causes, func(c metav1.StatusCause) bool {
		return c.Type == metav1.CauseTypeFieldValueInvalid && c.Field == field && c.Message == value
	})
	about, rest, ok := strings.Cut(status.Status().Message, " is invalid: ")
	if !said || !ok || !strings.HasPrefix(rest, field+": "+value) && !strings.HasPrefix(rest, "["+field+": "+value) {
		return PluginUnknown
	}
	switch {
	case strings.HasPrefix(about, `admission webhook "`+NamespacesWebhook+`" denied the request: Namespace "`):
		return PluginOff
	case strings.HasPrefix(about, `Namespace "`):
		return PluginOn
	}
	return PluginUnknown
}
