package workload

// keyStack holds the keys of the objects that are open, to find one that comes
// twice.
type keyStack [][]byte

// openKeys are those of one object.
type openKeys struct {
	first int
	many  map[string]bool // once they are many
}

// smallObject is up to how many keys an object's keys are compared pairwise.
const smallObject = 16

// open begins an object, close ends it.
func (k *keyStack) open() openKeys { return openKeys{first: len(*k)} }

func (k *keyStack) close(o openKeys) { *k = (*k)[:o.first] }

// add reports whether a key is new in its object.
func (k *keyStack) add(o *openKeys, key []byte) bool {
	if o.many == nil && len(*k)-o.first == smallObject {
		o.many = make(map[string]bool, 2*smallObject)
		for _, known := range (*k)[o.first:] {
			o.many[string(known)] = true
		}
	}
	if o.many != nil {
		if o.many[string(key)] {
			return false
		}
		o.many[string(key)] = true
		return true
	}
	for _, known := range (*k)[o.first:] {
		if string(known) == string(key) {
			return false
		}
	}
	*k = append(*k, key)
	return true
}
