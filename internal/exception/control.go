package exception

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/match"
	"github.com/gabion-security/gabion/pss"
)

// The controls whose values need words of their own.
const (
	hostNamespaces   = "hostNamespaces"
	hostPathVolumes  = "hostPathVolumes"
	restrictedVolume = "restrictedVolumes"
)

// control is a control that pods may fail.
type control struct {
	id     string
	values []string
	// missing says that what is not stated is excepted. Without it and without
	// values, everything is.
	missing bool
	// stricter are the controls that take its place at a stricter level, and
	// fields the fields that it reads itself.
	stricter, fields []string
}

// newControls compiles what is excepted. Others are the IDs of profiles' controls.
func newControls(list []v1alpha1.ExceptedControl, others []string) ([]control, error) {
	if len(list) == 0 {
		return nil, errors.New("spec.controls is missing: name the controls that the pods may fail; 'gabion controls' lists them")
	}
	var all []control
	for i, c := range list {
		field := fmt.Sprintf("spec.controls[%d]", i)
		known, ok := pss.LookupControl(pss.ID(c.ID))
		if !ok && !slices.Contains(others, c.ID) {
			return nil, fmt.Errorf("%s.id: %q is no control: 'gabion controls' lists them", field, c.ID)
		}
		if slices.ContainsFunc(all, func(other control) bool { return other.id == c.ID }) {
			return nil, fmt.Errorf("%s.id: %q stands in the list twice", field, c.ID)
		}
		if err := values(field+".values", c); err != nil {
			return nil, err
		}
		to := control{id: c.ID, values: c.Values, missing: c.Missing, fields: known.Fields}
		if ok {
			to.stricter = stricterThan(known.ID)
		}
		all = append(all, to)
	}
	return all, nil
}

// values checks the values of a control, as far as it is known what they may be.
func values(field string, c v1alpha1.ExceptedControl) error {
	if err := match.Names(field, c.Values); err != nil {
		return err
	}
	for i, v := range c.Values {
		place := fmt.Sprintf("%s[%d]", field, i)
		switch c.ID {
		case hostNamespaces:
			if v != "hostNetwork" && v != "hostPID" && v != "hostIPC" {
				return fmt.Errorf("%s: %q is no namespace of the node: use hostNetwork, hostPID or hostIPC", place, v)
			}
		case hostPathVolumes, restrictedVolume:
			if path := strings.HasPrefix(v, "/"); path && match.Climbs(v) {
				return fmt.Errorf("%s: %q climbs: write a path from the root of the node", place, v)
			} else if !path && pss.VolumeSource(v) == 0 {
				return fmt.Errorf("%s: %q is neither a type of volume, such as nfs, nor a path of the node", place, v)
			}
		}
	}
	return nil
}

// Finding is one finding of a control, of the standard or of a profile.
type Finding struct {
	// Control is the control's ID.
	Control string
	// Container is the container that offends, nil for the pod itself.
	Container *pss.Container
	// Path is where the finding is, from the pod's root.
	Path string
	// Value is what the pod says there.
	Value pss.Value
	// Explicit tells a value that the pod states from one that is missing.
	Explicit bool

	volume int // its place in the pod from 1, 0 if it is about none
	// beneath says that the control whose place this one takes at a stricter level
	// finds the same.
	beneath bool
}

// findingOf is a finding of a control of the standard.
func findingOf(id pss.ID, f pss.Finding) Finding {
	to := Finding{Control: string(id), Container: f.Container, Path: f.Path(), Value: f.Value, Explicit: f.Explicit}
	if i, ok := f.Volume(); ok {
		to.volume = i + 1
	}
	return to
}

// Findings returns all findings of a verdict.
func Findings(v pss.Verdict) []Finding {
	var all []Finding
	below := beneath(v)
	for _, violation := range v.Violations() {
		for _, f := range violation.Findings {
			finding := findingOf(violation.Control, f)
			finding.beneath = below[finding.place()]
			all = append(all, finding)
		}
	}
	return all
}

// place is where a control finds what.
type place struct{ control, path, value string }

func (f *Finding) place() place { return place{f.Control, f.Path, f.Value.String()} }

// beneath are the findings of a verdict by the restricted level which the baseline
// level has, too, by a control whose place another one takes.
func beneath(v pss.Verdict) map[place]bool {
	if v.Policy().Level != pss.Restricted {
		return nil
	}
	below := map[place]bool{}
	for _, violation := range v.At(pss.Baseline).Violations() {
		for _, stricter := range stricterThan(violation.Control) {
			for _, f := range violation.Findings {
				below[place{stricter, f.Path(), f.Value.String()}] = true
			}
		}
	}
	return below
}

// stricterThan returns the controls that take the place of one at a stricter level.
func stricterThan(id pss.ID) []string {
	var all []string
	for _, other := range pss.Controls() {
		if slices.ContainsFunc(other.Revisions, func(r pss.Revision) bool { return slices.Contains(r.Overrides, id) }) {
			all = append(all, string(other.ID))
		}
	}
	return all
}

// covers reports whether a finding is covered. What is excepted from a control is
// excepted too from the one that takes its place at a stricter level, as far as
// the value is one that the pod states, in a field that both read.
func (c *control) covers(p *Pod, f *Finding) bool {
	if c.id != f.Control && !(f.Explicit && slices.Contains(c.stricter, f.Control) && slices.Contains(c.fields, anyIndex(f.Path))) {
		return false
	}
	if f.volume > 0 && bits.OnesCount32(uint32(p.Pod.Volumes[f.volume-1].Sources)) > 1 {
		return false // only one of its sources is named
	}
	switch {
	case c.any():
		// What a weaker level forbids is not let pass by a stricter one.
		return c.id != f.Control || !f.beneath
	case !f.Explicit:
		return c.missing
	}
	return slices.ContainsFunc(c.values, func(v string) bool { return f.states(p, v) })
}

// any reports whether every value is excepted, and a missing one.
func (c *control) any() bool { return c.values == nil && !c.missing }

// states reports whether the pod states a value where the finding is.
func (f *Finding) states(p *Pod, value string) bool {
	switch {
	case f.volume > 0 && strings.HasPrefix(value, "/"):
		path := p.Extra.Volumes[f.volume-1].HostPath
		return p.Pod.Volumes[f.volume-1].Sources == pss.VolumeHostPath && path != "" && !match.Climbs(path) && match.Below(path, value)
	case f.Control == hostNamespaces:
		return f.Path[strings.LastIndexByte(f.Path, '.')+1:] == value
	}
	_, list := f.Value.Any().([]string)
	return !list && !f.Value.IsNull() && f.Value.String() == value
}

// name returns the value that states the finding and as little else as possible;
// ok is false if none can be named.
func (f *Finding) name(p *Pod) (value string, ok bool) {
	switch {
	case f.volume > 0 && p.Extra.Volumes[f.volume-1].HostPath != "":
		value = p.Extra.Volumes[f.volume-1].HostPath
	case f.Control == hostNamespaces:
		value = f.Path[strings.LastIndexByte(f.Path, '.')+1:]
	default:
		value = f.Value.String()
	}
	for _, value := range []string{value, f.Value.String()} { // a path that climbs is a hostPath all the same
		if value != "" && f.Explicit && f.states(p, value) {
			return value, true
		}
	}
	return "", false
}

// anyIndex returns a path with a star for every index, as controls name the
// fields that they read.
func anyIndex(path string) string {
	var b strings.Builder
	for path != "" {
		before, after, ok := strings.Cut(path, "[")
		b.WriteString(before)
		if !ok {
			break
		}
		_, path, _ = strings.Cut(after, "]")
		b.WriteString("[*]")
	}
	return b.String()
}
