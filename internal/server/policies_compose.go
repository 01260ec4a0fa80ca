package server

import (
	"log/slog"
	"slices"
	"sync"

	"github.com/gabion-security/gabion/internal/metrics"
	"github.com/gabion-security/gabion/internal/policy"
)

// composer makes one of the policies of a folder and those of the cluster's objects,
// and has them used.
type composer struct {
	use    func(policy.Set)
	record func(success bool)
	log    *slog.Logger

	mu          sync.Mutex
	folder      policy.Set
	objects     policy.Objects
	generations map[metrics.Document]int64 // of the objects
	stand       standings
	unread      bool // the folder, when it was read last
	told        []string
	notes       []string // faults of the objects, and names that stand in both
}

// setFolder replaces what the folder says.
func (c *composer) setFolder(p policy.Set) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.folder = p
	c.compose()
}

// folderRead notes how reading the folder went.
func (c *composer) folderRead(ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unread = !ok
	c.record(ok && len(c.notes) == 0)
}

// setObjects replaces what the objects say that are of these generations.
func (c *composer) setObjects(o policy.Objects, generations map[metrics.Document]int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.objects, c.generations = o, generations
	c.compose()
	c.record(!c.unread && len(c.notes) == 0)
	c.log.Info("the policies of the cluster's objects are in use", slog.Int("guards", len(o.Guards)), slog.Int("profiles", len(o.Profiles)),
		slog.Int("exceptions", len(o.Exceptions)))
}

// compose has the policies used, and says what is newly wrong with them.
func (c *composer) compose() {
	p, clashes := policy.Compose(c.folder, c.objects)
	c.stand = standingsOf(c.objects.Readings, c.generations).among(c.folder, p)
	c.use(p)
	c.notes = slices.Concat(c.objects.Faults, c.objects.ExceptionFaults, clashes)
	for _, note := range c.notes {
		if !slices.Contains(c.told, note) {
			c.log.Error("an object of the cluster does not count as it is", slog.String("error", note))
		}
	}
	c.told = c.notes
}

// standings say how the objects stand.
func (c *composer) standings() standings {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stand
}

// notReady says which guards and profiles among the objects cannot be read.
func (c *composer) notReady() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var reasons []string
	for _, fault := range c.objects.Faults {
		reasons = append(reasons, "an object of the cluster cannot be read, an older one is in use if there was one: "+fault)
	}
	return reasons
}
