package policy

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/document"
	"github.com/gabion-security/gabion/internal/guard"
	"github.com/gabion-security/gabion/internal/profile"
)

// InObjects is behind the name of a guard that is an object, where one of the folder
// has the same name.
const InObjects = " (object)"

// Compose returns the policies of a folder and of objects, with a line about each
// name that stands in both. Guards of one name count both. Of profiles neither does:
// what guards name is missing then, so that pods are refused; and of exceptions
// neither.
func Compose(folder Set, objects Objects) (p Set, clashes []string) {
	clash := func(kind, name, so string) {
		clashes = append(clashes, fmt.Sprintf("%s %s stands in the folder, too: %s", kind, name, so))
	}
	var taken []document.Ref
	each := slices.Clone(folder.Each)
	for _, g := range objects.Guards {
		if slices.ContainsFunc(folder.Each, func(other *guard.Guard) bool { return other.Name() == g.Name() }) {
			clash(v1alpha1.KindPodSecurityGuard, g.Name(), "both count")
			g = g.Renamed(g.Name() + InObjects)
		}
		each = append(each, g)
	}
	profiles := map[string]*profile.Profile{}
	maps.Copy(profiles, folder.Profiles)
	for _, name := range slices.Sorted(maps.Keys(objects.Profiles)) {
		if profiles[name] != nil {
			clash(v1alpha1.KindPodSecurityProfile, name, "none of them counts")
			delete(profiles, name)
			taken = append(taken, document.Ref{Kind: v1alpha1.KindPodSecurityProfile, Name: name})
			continue
		}
		profiles[name] = objects.Profiles[name]
	}
	exceptions := exceptionDocuments{all: slices.Concat(folder.Placed, objects.Exceptions)}
	p = Set{Each: each, Profiles: profiles, Placed: exceptions.all, Text: folder.Text}
	for _, name := range exceptions.shared(InObject) {
		clash(v1alpha1.KindPodSecurityException, name, "none of them counts")
		taken = append(taken, document.Ref{Kind: v1alpha1.KindPodSecurityException, Name: name})
	}
	p.Taken, p.Unread = taken, slices.Concat(folder.Unread, objects.Unread, taken)
	p.Exceptions, p.Faults = exceptions.set()
	var err error
	if p.Guards, err = guard.NewSet(each, entering{p.Exceptions}); err != nil {
		clashes = append(clashes, err.Error()) // never: no name has a blank
	}
	return p, clashes
}
