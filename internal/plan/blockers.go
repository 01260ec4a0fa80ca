package plan

import (
	"strconv"
	"strings"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// blockers returns the units that a policy refuses.
func (j *judge) blockers(units []unit, lv pss.LevelVersion) ([]Blocker, error) {
	var found []Blocker
	for i := range units {
		b, err := j.blocker(&units[i], lv, true)
		if err != nil {
			return nil, err
		}
		if len(b.Violations) > 0 {
			found = append(found, b)
		}
	}
	return found, nil
}

// atRisk returns the units whose pods a policy refuses once they are made again.
// Ephemeral containers do not come again.
func (j *judge) atRisk(units []unit, observed []observation, lv pss.LevelVersion) ([]Blocker, error) {
	if lv.Level == pss.Privileged {
		return nil, nil
	}
	var found []Blocker
	for i := range units {
		b, err := j.blocker(&units[i], lv, false)
		if err != nil {
			return nil, err
		}
		if len(b.Violations) > 0 {
			found = append(found, b)
		}
	}
	for _, o := range observed {
		if o.denied {
			found = append(found, o.blocker)
		}
	}
	return found, nil
}

// blocker collects what of a unit a policy refuses: what the templates say first,
// and what only the pods say.
func (j *judge) blocker(u *unit, lv pss.LevelVersion, ephemeral bool) (Blocker, error) {
	b := Blocker{Object: u.object, Pods: u.running(), Partial: u.partial()}
	c := collector{blocker: &b, unit: u, seen: map[string]bool{}, ephemeral: ephemeral}
	for i := range u.templates {
		t := &u.templates[i]
		refused, err := j.refuses(t.View, lv)
		if err != nil {
			return b, err
		}
		if refused {
			err = c.add(j, t.View, lv, t.Path)
		}
		if err != nil {
			return b, err
		}
	}
	c.pods = true
	for _, p := range u.pods {
		refused, err := j.refuses(p.view, lv)
		if err != nil {
			return b, err
		}
		if !refused {
			continue
		}
		b.Failing += p.count
		if err := c.add(j, p.view, lv, ""); err != nil {
			return b, err
		}
	}
	return b, nil
}

// collector gathers findings, each of them once however many pods have it.
type collector struct {
	blocker         *Blocker
	unit            *unit
	seen            map[string]bool
	pods, ephemeral bool
}

// add takes the findings of a view.
func (c *collector) add(j *judge, v *inventory.View, lv pss.LevelVersion, template string) error {
	verdict, err := j.evaluate(v, lv)
	if err != nil {
		return err
	}
	full := workload.Template{Path: template}
	fresh := map[string]bool{}
	for _, violation := range verdict.Violations() {
		for _, f := range violation.Findings {
			if !c.ephemeral && f.Container != nil && f.Container.Kind == pss.EphemeralContainer {
				continue
			}
			p := placeOf(&v.Pod, f)
			key := string(violation.Control) + " " + p.key + " " + f.Value.String()
			if !c.pods {
				// Two templates of one workload are two places to fix.
				fresh[key] = true
			} else if c.seen[key] {
				continue
			} else {
				c.seen[key] = true
			}
			c.place(&violation, c.origin(p), Finding{f, full.FullPath(f.Path())})
		}
	}
	for key := range fresh {
		c.seen[key] = true
	}
	return nil
}

// place adds a finding to the violation of its control and origin.
func (c *collector) place(v *pss.Violation, o Origin, f Finding) {
	all := c.blocker.Violations
	for i := range all {
		if all[i].Control == v.Control && all[i].Origin == o {
			all[i].Findings = append(all[i].Findings, f)
			return
		}
	}
	c.blocker.Violations = append(c.blocker.Violations, Violation{
		Control: v.Control, Level: v.Level, Reason: v.Reason, Origin: o, Findings: []Finding{f},
	})
}

// origin says where a finding comes from.
func (c *collector) origin(p place) Origin {
	switch {
	case !c.pods:
		return InTemplate
	case len(c.unit.templates) == 0, p.part == "":
		return InPod
	}
	for i := range c.unit.templates {
		if has(&c.unit.templates[i].View.Pod, p) {
			return InPod
		}
	}
	return Injected
}

// place is where in a pod a finding is, whatever its index in a list: injected
// containers and volumes move the others.
type place struct {
	key  string
	part string // the container or volume, empty for the pod itself
	kind string
}

const volumesPath = "spec.volumes["

func placeOf(pod *pss.Pod, f pss.Finding) place {
	path := f.Path()
	if c := f.Container; c != nil {
		kind := c.Kind.Field()
		_, rest, _ := strings.Cut(path, "].")
		return place{key: kind + "/" + c.Name + "/" + rest, part: c.Name, kind: kind}
	}
	if index, rest, ok := strings.Cut(strings.TrimPrefix(path, volumesPath), "]"); ok && strings.HasPrefix(path, volumesPath) {
		if i, err := strconv.Atoi(index); err == nil && i < len(pod.Volumes) {
			name := pod.Volumes[i].Name
			return place{key: "volumes/" + name + "/" + rest, part: name, kind: "volumes"}
		}
	}
	return place{key: path}
}

// has reports whether a pod has the container or volume of a place.
func has(pod *pss.Pod, p place) bool {
	if p.kind == "volumes" {
		for i := range pod.Volumes {
			if pod.Volumes[i].Name == p.part {
				return true
			}
		}
		return false
	}
	for i := range pod.Containers {
		if c := &pod.Containers[i]; c.Name == p.part && c.Kind.Field() == p.kind {
			return true
		}
	}
	return false
}
