package snapshot

import (
	"fmt"
	"slices"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// specMark begins what follows the metadata. Nothing before it can hold it: all
// that is left of metadata are texts, and lists of owners, which have none.
const specMark = `,"spec":{`

// ownKind reports whether an object's type is Kubernetes' own.
func ownKind(apiVersion string) bool {
	return apiVersion == "v1" || apiVersion == "apps/v1" || apiVersion == "batch/v1"
}

func headerOf(i *inventory.Inventory, lines int) header {
	h := header{
		APIVersion: apiVersion, Kind: kind, Cluster: i.Cluster, Server: server{Release: i.Server.Release}, Only: i.Only, Lines: lines,
		NotChecked: problemsOf(i.NotChecked), Errors: problemsOf(i.Errors),
	}
	if i.Server.Version != 0 {
		h.Server.Version = i.Server.Version.String()
	}
	for _, p := range i.TemplatePaths {
		h.TemplatePaths = append(h.TemplatePaths, templatePath(p))
	}
	h.PodResources, h.Opaque = i.PodResources, i.Opaque
	for _, d := range slices.SortedFunc(slices.Values(i.Documents), inventory.Document.Compare) {
		h.Documents = append(h.Documents, document{d.Kind, d.Name, d.JSON})
	}
	h.Unexcepted = i.Unexcepted
	for _, m := range i.Missing {
		h.Missing = append(h.Missing, missing(m))
	}
	return h
}

func problemsOf(all []inventory.Problem) (problems []problem) {
	for i := range all {
		p := &all[i]
		problems = append(problems, problem{
			p.Object.APIVersion, p.Object.Kind, p.Object.Namespace, p.Object.Name, p.Paths, p.Reason,
		})
	}
	return problems
}

// into puts what the header says into an inventory.
func (h *header) into(i *inventory.Inventory) error {
	i.Cluster, i.Server.Release, i.Only = h.Cluster, h.Server.Release, h.Only
	if h.Server.Version != "" {
		version, err := pss.ParseVersion(h.Server.Version)
		if err != nil {
			return fmt.Errorf("the API server's version: %w", err)
		}
		i.Server.Version = version
	}
	for _, p := range h.TemplatePaths {
		i.TemplatePaths = append(i.TemplatePaths, workload.TemplatePath(p))
	}
	i.PodResources, i.Opaque = append(i.PodResources, h.PodResources...), append(i.Opaque, h.Opaque...)
	for _, d := range h.Documents {
		i.Documents = append(i.Documents, inventory.Document{Kind: d.Kind, Name: d.Name, JSON: d.Object})
	}
	i.Unexcepted = h.Unexcepted
	for _, m := range h.Missing {
		i.Missing = append(i.Missing, inventory.Missing(m))
	}
	i.NotChecked = append(i.NotChecked, problemsFrom(h.NotChecked)...)
	i.Errors = append(i.Errors, problemsFrom(h.Errors)...)
	return nil
}

func problemsFrom(all []problem) (problems []inventory.Problem) {
	for i := range all {
		p := &all[i]
		problems = append(problems, inventory.Problem{
			Object: workload.Object{APIVersion: p.APIVersion, Kind: p.Kind, Namespace: p.Namespace, Name: p.Name},
			Paths:  p.Paths, Reason: p.Reason,
		})
	}
	return problems
}
