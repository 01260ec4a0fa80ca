package registration

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

// customAnnotation says in which version of the cluster its custom resources were
// those of the rules. Servers learn of new ones one after another: of two with
// different rules, the one that has seen less leaves the configuration as it is.
const customAnnotation = "gabion.io/custom-resources-version"

// Custom are the custom resources whose pods are looked at. The zero Custom is none,
// and gives way to any other.
type Custom struct {
	// Version is the version of the cluster in which they were these.
	Version uint64
	Rules   []admissionregistrationv1.RuleWithOperations
}

// CustomResource is a resource in the versions that are served.
type CustomResource struct {
	Group, Plural string
	Versions      []string
}

// NewCustom returns the rules for custom resources in a version of the cluster. They
// are the same for the same resources, whatever their order.
func NewCustom(version uint64, resources []CustomResource) Custom {
	type key struct{ group, versions string }
	plurals := map[key][]string{}
	for _, r := range resources {
		k := key{r.Group, strings.Join(slices.Sorted(slices.Values(r.Versions)), " ")}
		plurals[k] = append(plurals[k], r.Plural)
	}
	c := Custom{Version: version}
	for k, resources := range plurals {
		scope := admissionregistrationv1.NamespacedScope
		slices.Sort(resources)
		c.Rules = append(c.Rules, rules(admissionregistrationv1.Rule{
			APIGroups: []string{k.group}, APIVersions: strings.Fields(k.versions), Resources: resources, Scope: &scope,
		})...)
	}
	slices.SortFunc(c.Rules, func(a, b admissionregistrationv1.RuleWithOperations) int {
		return cmp.Or(strings.Compare(a.APIGroups[0], b.APIGroups[0]), slices.Compare(a.APIVersions, b.APIVersions))
	})
	return c
}

func (c Custom) annotations() map[string]string {
	if c.Version == 0 {
		return nil
	}
	return map[string]string{customAnnotation: strconv.FormatUint(c.Version, 10)}
}

// customOf returns the custom resources of a configuration that a server has stored.
func customOf(c *admissionregistrationv1.ValidatingWebhookConfiguration) Custom {
	version, err := strconv.ParseUint(c.Annotations[customAnnotation], 10, 64)
	if err != nil {
		return Custom{}
	}
	found := Custom{Version: version}
	builtin := builtinWorkloads()
	for i := range c.Webhooks {
		if c.Webhooks[i].Name != AdvisoryWebhook {
			continue
		}
		for _, r := range c.Webhooks[i].Rules {
			if !slices.ContainsFunc(builtin, func(b admissionregistrationv1.RuleWithOperations) bool {
				return slices.Equal(b.APIGroups, r.APIGroups)
			}) {
				found.Rules = append(found.Rules, r)
			}
		}
	}
	return found
}

// newer returns those of the later version. Programs of two releases may find
// different rules in the same one: then more rules count, on whichever side.
func newer(a, b Custom) Custom {
	text := func(c Custom) string {
		text, err := json.Marshal(c.Rules)
		if err != nil {
			return "" // never: they are texts
		}
		return string(text)
	}
	order := cmp.Compare(a.Version, b.Version)
	if order == 0 {
		x, y := text(a), text(b)
		order = cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y))
	}
	if order < 0 {
		return b
	}
	return a
}

// target returns the target with the latest custom resources: those that this server
// knows, or those that another one with the same key has stored.
func (k *Keeper) target(have *admissionregistrationv1.ValidatingWebhookConfiguration) Target {
	if k.o.Custom != nil {
		k.custom = newer(k.o.Custom(), k.custom)
	}
	if have != nil && generationOf(have, k.o.Key()) > 0 {
		k.custom = newer(k.custom, customOf(have))
	}
	t := k.o.Target
	t.Custom = k.custom
	return t
}

// outdated reports whether what is wrong with a configuration is only that another
// server has stored it who knew less of custom resources. Two may write at once.
func (k *Keeper) outdated(stored uint64, wrong []string) bool {
	return stored > 0 && stored == k.generation && slices.Equal(wrong, []string{AdvisoryWebhook + ": rules"})
}
