package server

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/guard"
	"github.com/gabion-security/gabion/internal/metrics"
	"github.com/gabion-security/gabion/internal/profile"
)

// composer makes one of the policies of a folder and those of the cluster's objects,
// and has them used.
type composer struct {
	use    func(policies)
	record func(success bool)
	now    func() time.Time
	log    *slog.Logger

	mu      sync.Mutex
	folder  policies
	objects objectPolicies
	stand   standings
	unread  bool // the folder, when it was read last
	told    []string
	notes   []string // faults of the objects, and names that stand in both
}

// setFolder replaces what the folder says.
func (c *composer) setFolder(p policies) {
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

// setObjects replaces what the objects say.
func (c *composer) setObjects(o objectPolicies) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.objects = o
	c.compose()
	c.record(!c.unread && len(c.notes) == 0)
	c.log.Info("the policies of the cluster's objects are in use", slog.Int("guards", len(o.guards)), slog.Int("profiles", len(o.profiles)),
		slog.Int("exceptions", len(o.exceptions)))
}

// compose has the policies used, and says what is newly wrong with them.
func (c *composer) compose() {
	p, clashes := composed(c.folder, c.objects, c.now)
	c.stand = c.objects.standings.among(c.folder, p)
	c.use(p)
	c.notes = slices.Concat(c.objects.faults, c.objects.exceptionFaults, clashes)
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
	for _, fault := range c.objects.faults {
		reasons = append(reasons, "an object of the cluster cannot be read, an older one is in use if there was one: "+fault)
	}
	return reasons
}

// inObjects is behind the name of a guard that is an object, where one of the folder
// has the same name.
const inObjects = " (object)"

// composed returns the policies of a folder and of objects, with a line about each
// name that stands in both. Guards of one name count both. Of profiles neither does:
// what guards name is missing then, so that pods are refused; and of exceptions
// neither.
func composed(folder policies, objects objectPolicies, now func() time.Time) (p policies, clashes []string) {
	clash := func(kind, name, so string) {
		clashes = append(clashes, fmt.Sprintf("%s %s stands in the folder, too: %s", kind, name, so))
	}
	var taken []metrics.Document
	each := slices.Clone(folder.each)
	for _, g := range objects.guards {
		if slices.ContainsFunc(folder.each, func(other *guard.Guard) bool { return other.Name() == g.Name() }) {
			clash(v1alpha1.KindPodSecurityGuard, g.Name(), "both count")
			g = g.Renamed(g.Name() + inObjects)
		}
		each = append(each, g)
	}
	profiles := map[string]*profile.Profile{}
	maps.Copy(profiles, folder.profiles)
	for _, name := range slices.Sorted(maps.Keys(objects.profiles)) {
		if profiles[name] != nil {
			clash(v1alpha1.KindPodSecurityProfile, name, "none of them counts")
			delete(profiles, name)
			taken = append(taken, metrics.Document{Kind: v1alpha1.KindPodSecurityProfile, Name: name})
			continue
		}
		profiles[name] = objects.profiles[name]
	}
	exceptions := exceptionDocuments{all: slices.Concat(folder.placed, objects.exceptions)}
	p = policies{each: each, profiles: profiles, placed: exceptions.all, text: folder.text}
	for _, name := range exceptions.shared(inObject) {
		clash(v1alpha1.KindPodSecurityException, name, "none of them counts")
		taken = append(taken, metrics.Document{Kind: v1alpha1.KindPodSecurityException, Name: name})
	}
	p.taken, p.unread = taken, slices.Concat(folder.unread, objects.unread, taken)
	p.exceptions, p.faults = exceptions.set()
	var err error
	if p.guards, err = guard.NewSet(each, entering{p.exceptions, now}); err != nil {
		clashes = append(clashes, err.Error()) // never: no name has a blank
	}
	return p, clashes
}
