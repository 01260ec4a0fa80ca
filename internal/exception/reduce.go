package exception

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// reduce takes from the units all that others cover as well, so that nothing is
// left that could be taken away, and returns what none of them covers. Units
// overlap where the labels of a pod are some of those of another, or where a pod
// and its containers fail the same control.
func reduce(units []*unit, pods []Failing, controls []string) ([]Failing, error) {
	var elements []*part
	for _, u := range units {
		for _, id := range slices.Sorted(maps.Keys(u.controls)) {
			values := u.controls[id]
			if values == nil {
				elements = append(elements, &part{unit: u, id: id, any: true})
			}
			for _, v := range values {
				elements = append(elements, &part{unit: u, id: id, value: v})
			}
		}
	}
	for _, p := range elements {
		if err := p.compile(controls); err != nil {
			return nil, err
		}
	}
	var left []Failing
	coverings := map[*part][]*int{} // of each finding that a part covers, by how many it is covered
	for i := range pods {
		pod := &pods[i]
		rest := Failing{Name: pod.Name, By: pod.By, Pod: pod.Pod}
		var matching []*part
		var of *unit
		matches := false // the parts of a unit are for the same pods
		for _, p := range elements {
			if p.unit != of {
				of, matches = p.unit, pod.known() && p.exception.matches(&pod.Pod)
			}
			if matches {
				matching = append(matching, p)
			}
		}
		for j := range pod.Findings {
			n := new(int)
			for _, p := range matching {
				if p.exception.covers(&pod.Pod, &pod.Findings[j]) {
					*n++
					coverings[p] = append(coverings[p], n)
				}
			}
			if *n == 0 {
				rest.Findings = append(rest.Findings, pod.Findings[j])
			}
		}
		if len(rest.Findings) > 0 {
			left = append(left, rest)
		}
	}
	for _, p := range elements {
		if slices.ContainsFunc(coverings[p], func(n *int) bool { return *n == 1 }) {
			continue
		}
		for _, n := range coverings[p] {
			*n--
		}
		p.remove()
	}
	return left, nil
}

// part is the least that can be taken from a unit: a value of a control, or a
// control that is excepted with any.
type part struct {
	unit      *unit
	id, value string
	any       bool // value
	exception *Exception
}

// compile makes an exception of the part alone.
func (p *part) compile(controls []string) error {
	alone := *p.unit
	alone.controls = map[string][]string{p.id: {p.value}}
	if p.any {
		alone.controls[p.id] = nil
	}
	e := alone.exception("suggested")
	e.Spec.Reason = "suggested"
	var err error
	if p.exception, err = Compile(&e, controls); err != nil {
		return fmt.Errorf("an exception for namespace %s cannot be written: %w", p.unit.namespace, err)
	}
	return nil
}

// remove takes the part from its unit.
func (p *part) remove() {
	values := slices.DeleteFunc(slices.Clone(p.unit.controls[p.id]), func(v string) bool { return v == p.value })
	if len(values) == 0 {
		delete(p.unit.controls, p.id)
		return
	}
	p.unit.controls[p.id] = values
}

// unique returns the name, or with a number if it is taken, and takes it.
func unique(taken map[string]bool, name string) string {
	free := name
	for n := 2; taken[free]; n++ {
		free = name + "-" + strconv.Itoa(n)
	}
	taken[free] = true
	return free
}
