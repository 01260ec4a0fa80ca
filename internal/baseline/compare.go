package baseline

// Comparison holds what is found against what is known, each known finding once.
// It is for one run, from one goroutine.
type Comparison struct {
	all  bool // everything counts as known
	left map[key]counted
	seen map[Object]bool
	met  Baseline
}

// Compare begins a comparison with a baseline.
func Compare(known *Baseline) *Comparison {
	c := &Comparison{left: map[key]counted{}, seen: map[Object]bool{}}
	for k, entry := range known.entries {
		c.left[k] = entry
	}
	return c
}

// Record begins one to which everything is known, to have it written.
func Record() *Comparison { return &Comparison{all: true, seen: map[Object]bool{}} }

// Template is one of an object's pod templates. A finding is asked for several
// times, by several policies, and is one all the same.
type Template struct {
	comparison *Comparison
	object     Object
	answers    map[asked]bool
}

// asked tells the findings of a template apart, by where they stand in it.
type asked struct {
	key

	place string
}

// Template begins a template of an object.
func (c *Comparison) Template(o Object) *Template {
	c.seen[o] = true
	return &Template{comparison: c, object: o, answers: map[asked]bool{}}
}

// Known reports whether a finding is known. The place is its path with places in
// lists: two containers of one name are two. The answer stays the same.
func (t *Template) Known(place string, f Finding) bool {
	k := Entry{t.object, f}.key()
	a := asked{k, place}
	if answer, ok := t.answers[a]; ok {
		return answer
	}
	known := t.comparison.take(k)
	if known {
		t.comparison.met.add(Entry{t.object, f}, 1)
	}
	t.answers[a] = known
	return known
}

// Met reports whether a finding has been asked for, and is known.
func (t *Template) Met(place string, f Finding) bool {
	return t.answers[asked{Entry{t.object, f}.key(), place}]
}

// take takes one of the known findings with a key, if there is one left.
func (c *Comparison) take(k key) bool {
	if c.all {
		return true
	}
	entry := c.left[k]
	if entry.n == 0 {
		return false
	}
	entry.n--
	c.left[k] = entry
	return true
}

// Met returns what was known and is still there.
func (c *Comparison) Met() *Baseline { return &c.met }

// Fixed returns what was known of the objects that were met and is not there any
// more, and how many findings are about objects that were not met at all.
func (c *Comparison) Fixed() (fixed []Entry, gone int) {
	left := Baseline{entries: c.left}
	for _, entry := range left.sorted() {
		if !c.seen[entry.Object] {
			gone += entry.n
			continue
		}
		for range entry.n {
			fixed = append(fixed, entry.Entry)
		}
	}
	return fixed, gone
}
