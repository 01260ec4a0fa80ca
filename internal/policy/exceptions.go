package policy

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/exception"
)

// exceptionDocuments are the exceptions of a folder. What of them cannot be read is
// none: unlike guards, of which the old ones stay then, old exceptions would let
// pods pass.
type exceptionDocuments struct {
	all    []Placed
	faults []string
	unread []string // the names of those, or of their files
}

// Placed is an exception with the file, or what else, that it stands in, and the
// line there, 0 if there are none.
type Placed struct {
	*exception.Exception

	File string
	Line int
}

// fault notes why an exception is not read, or those of a file are not.
func (d *exceptionDocuments) fault(name string, err error) {
	d.faults = append(d.faults, err.Error())
	if !slices.Contains(d.unread, name) {
		d.unread = append(d.unread, name)
	}
}

// set makes a set of the exceptions, without those that share a name: nobody knows
// which of them is meant.
func (d *exceptionDocuments) set() (set *exception.Set, faults []string) {
	first := map[string]string{} // file of each name
	twice := map[string]bool{}
	for _, e := range d.all {
		if other, ok := first[e.Name]; ok && !twice[e.Name] {
			twice[e.Name] = true
			d.fault(e.Name, fmt.Errorf("%s: %s %q stands in %s, too: none of them counts", e.File, v1alpha1.KindPodSecurityException, e.Name, other))
		}
		first[e.Name] = e.File
	}
	var sound []*exception.Exception
	for _, e := range d.all {
		if !twice[e.Name] {
			sound = append(sound, e.Exception)
		}
	}
	set, err := exception.NewSet(sound)
	if err != nil {
		d.fault("", err) // never: names are once there
	}
	return set, d.faults
}

// shared returns the names that stand in a place and in another one, sorted.
func (d *exceptionDocuments) shared(place string) []string {
	in, elsewhere := map[string]bool{}, map[string]bool{}
	for _, e := range d.all {
		if e.File == place {
			in[e.Name] = true
		} else {
			elsewhere[e.Name] = true
		}
	}
	maps.DeleteFunc(in, func(name string, _ bool) bool { return !elsewhere[name] })
	return slices.Sorted(maps.Keys(in))
}

// exceptionsOnly reports whether a file that is no YAML seems to be about exceptions
// and nothing else. Of any other file, guards may be missing, or what they name.
func exceptionsOnly(text []byte) bool {
	return bytes.Contains(text, []byte(v1alpha1.KindPodSecurityException)) && !bytes.Contains(text, []byte(v1alpha1.KindPodSecurityGuard)) &&
		!bytes.Contains(text, []byte(v1alpha1.KindPodSecurityProfile))
}
