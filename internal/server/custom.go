package server

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/internal/server/registration"
)

// maxNamed is how many custom resources a line of the log names.
const maxNamed = 50

// customResources are the custom resources of the cluster as this program goes by
// them.
type customResources struct {
	definitions *cluster.Definitions
	found       atomic.Pointer[cluster.CustomResources] // nil before they are known
}

// useCustomResources makes admission look at the pods of custom resources, and then
// asks for them to be sent.
func (s *server) useCustomResources(found cluster.CustomResources) {
	if err := s.controller.SetTemplatePaths(found.Paths); err != nil {
		s.log.Error("the custom resources cannot be used, the old ones stay", slog.String("error", err.Error()))
		return
	}
	before := s.custom.found.Swap(&found)
	s.log.Info("custom resources with pods", slog.Int("judged", len(found.Judged)), slog.String("names", judgedNames(found.Judged)))
	if len(found.Unchecked) > 0 && (before == nil || !slices.Equal(before.Unchecked, found.Unchecked)) {
		s.log.Warn("custom resources that may hold pods are not checked",
			slog.Int("unchecked", len(found.Unchecked)), slog.String("names", uncheckedNames(found.Unchecked)))
	}
	if keeper := s.keeper.Load(); keeper != nil {
		keeper.Look()
	}
}

// registered are the custom resources that API servers should ask about.
func (c *customResources) registered() registration.Custom {
	found := c.found.Load()
	if found == nil {
		return registration.Custom{}
	}
	resources := make([]registration.CustomResource, len(found.Judged))
	for i, r := range found.Judged {
		resources[i] = registration.CustomResource(r)
	}
	return registration.NewCustom(found.Version, resources)
}

// count returns how many custom resources are judged, and how many may hold pods and
// are not.
func (c *customResources) count() (judged, unchecked int) {
	found := c.found.Load()
	if found == nil {
		return 0, 0
	}
	return len(found.Judged), len(found.Unchecked)
}

func judgedNames(all []cluster.CustomResource) string {
	return named(len(all), func(i int) string { return all[i].Plural + "." + all[i].Group })
}

func uncheckedNames(all []cluster.UncheckedResource) string {
	return named(len(all), func(i int) string { return all[i].Name + " (" + all[i].Reason + ")" })
}

// named joins names, and counts those that are too many.
func named(n int, name func(int) string) string {
	var names []string
	for i := range min(n, maxNamed) {
		names = append(names, name(i))
	}
	if n > maxNamed {
		names = append(names, fmt.Sprintf("and %d more", n-maxNamed))
	}
	return strings.Join(names, ", ")
}
