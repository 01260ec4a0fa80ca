package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// served is a kind that an API server serves.
type served struct {
	resource

	kind string
}

// discoveryAs asks for everything at once. API servers before 1.27 answer with
// the names of the groups.
const discoveryAs = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList," +
	"application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"

// groupDiscovery is an API group, in whichever of the two forms.
type groupDiscovery struct {
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Name     string `json:"name"`
	Versions []struct {
		Version   string `json:"version"`
		Freshness string `json:"freshness"`
		Resources []struct {
			Resource     string `json:"resource"`
			Scope        string `json:"scope"`
			ResponseKind struct {
				Kind string `json:"kind"`
			} `json:"responseKind"`
			Verbs []string `json:"verbs"`
		} `json:"resources"`
	} `json:"versions"`
}

// discover returns every kind that can be listed and is none of Kubernetes' own,
// each in the version that its group prefers.
func (l *lister) discover(ctx context.Context) ([]served, error) {
	text, err := answer(ctx, l.client.Get().AbsPath("/apis").SetHeader("Accept", discoveryAs))
	if err != nil {
		return nil, fmt.Errorf("asking the API server what it serves: %w", err)
	}
	var answer struct {
		Kind   string            `json:"kind"`
		Items  []groupDiscovery  `json:"items"`
		Groups []metav1.APIGroup `json:"groups"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, fmt.Errorf("reading what the API server serves: %w", err)
	}
	if answer.Kind == "APIGroupList" {
		return l.discoverGroups(ctx, answer.Groups)
	}
	var all []served
	for i := range answer.Items {
		all = append(all, l.discovered(&answer.Items[i])...)
	}
	return all, nil
}

// discovered returns the kinds of one group. The versions stand in the order in
// which the group prefers them.
func (l *lister) discovered(g *groupDiscovery) (all []served) {
	if ownGroup(g.Metadata.Name) {
		return nil
	}
	seen := map[string]bool{}
	for _, v := range g.Versions {
		if v.Freshness == "Stale" {
			l.unavailable(g.Metadata.Name, v.Version, "the API server cannot reach the server that has it")
		}
		for _, r := range v.Resources {
			kind := r.ResponseKind.Kind
			if seen[kind] || !slices.Contains(r.Verbs, "list") {
				continue
			}
			seen[kind] = true
			all = append(all, served{kind: kind, resource: resource{
				group: g.Metadata.Name, version: v.Version, plural: r.Resource, clusterScoped: r.Scope == "Cluster", custom: true,
			}})
		}
	}
	return all
}

// discoverGroups asks for one version after another.
func (l *lister) discoverGroups(ctx context.Context, groups []metav1.APIGroup) (all []served, err error) {
	for i := range groups {
		g := &groups[i]
		if ownGroup(g.Name) {
			continue
		}
		seen := map[string]bool{}
		preferred := func(v metav1.GroupVersionForDiscovery) bool { return v.Version != g.PreferredVersion.Version }
		slices.SortStableFunc(g.Versions, func(a, b metav1.GroupVersionForDiscovery) int {
			return boolRank(preferred(a)) - boolRank(preferred(b))
		})
		for _, v := range g.Versions {
			var list metav1.APIResourceList
			err := l.client.json(ctx, "/apis/"+g.Name+"/"+v.Version, nil, &list)
			if apierrors.IsServiceUnavailable(err) || apierrors.IsNotFound(err) {
				l.unavailable(g.Name, v.Version, oneLine(err))
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("asking the API server for %s/%s: %w", g.Name, v.Version, err)
			}
			for _, r := range list.APIResources {
				if seen[r.Kind] || !slices.Contains(r.Verbs, "list") || strings.Contains(r.Name, "/") {
					continue
				}
				seen[r.Kind] = true
				all = append(all, served{kind: r.Kind, resource: resource{
					group: g.Name, version: v.Version, plural: r.Name, clusterScoped: !r.Namespaced, custom: true,
				}})
			}
		}
	}
	return all, nil
}

func boolRank(last bool) int {
	if last {
		return 1
	}
	return 0
}

// unavailable reports an API group version of which nothing can be told. The
// metrics of what runs hold no pods, and their servers are down often.
func (l *lister) unavailable(group, version, why string) {
	if group == "metrics.k8s.io" || strings.HasSuffix(group, ".metrics.k8s.io") {
		return
	}
	l.missing(resource{group: group, version: version, plural: "*"}, "", why)
}

// ownGroup reports whether a group is Kubernetes' own: what bears pods there is
// known.
func ownGroup(group string) bool {
	return !strings.Contains(group, ".") || slices.Contains(ownGroups, group)
}

// ownGroups are Kubernetes' own groups with a dot in the name. Others end in
// .k8s.io too.
var ownGroups = []string{
	"admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "authentication.k8s.io",
	"authorization.k8s.io", "certificates.k8s.io", "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io",
	"flowcontrol.apiserver.k8s.io", "internal.apiserver.k8s.io", "metrics.k8s.io", "networking.k8s.io", "node.k8s.io",
	"rbac.authorization.k8s.io", "resource.k8s.io", "scheduling.k8s.io", "storage.k8s.io", "storagemigration.k8s.io",
}
