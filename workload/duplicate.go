package workload

// uniqueKeys are the keys of all objects that a scanner is in: none may come twice in
// one of them.
type uniqueKeys struct {
	keys keyStack
	open []openKeys
}

// reset begins anew.
func (u *uniqueKeys) reset() { u.keys, u.open = u.keys[:0], u.open[:0] }

// maxSpareKeys is for how many keys memory is kept.
const maxSpareKeys = 1024

// forget keeps memory for another text, and nothing of this one.
func (u *uniqueKeys) forget() {
	if cap(u.keys) > maxSpareKeys || cap(u.open) > maxSpareKeys {
		*u = uniqueKeys{}
		return
	}
	clear(u.keys[:cap(u.keys)])
	clear(u.open[:cap(u.open)])
	u.reset()
}

// enter begins an object, leave ends it.
func (u *uniqueKeys) enter() { u.open = append(u.open, u.keys.open()) }

func (u *uniqueKeys) leave() {
	last := len(u.open) - 1
	u.keys.close(u.open[last])
	u.open = u.open[:last]
}

// add reports whether a key is new in the object that was begun last.
func (u *uniqueKeys) add(key []byte) bool { return u.keys.add(&u.open[len(u.open)-1], key) }

// strict returns a scanner that fails at the first key that comes twice in one object,
// at any depth.
func strict(data []byte) scanner { return scanner{data: data, unique: new(uniqueKeys)} }
