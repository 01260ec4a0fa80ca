package workload

// smallObject is up to how many keys an object's keys are compared pairwise.
const smallObject = 16

// duplicates goes over the value at the scanner's place and fails at the first
// key that comes twice in one object, at any depth. stack holds the keys of
// the objects that are open.
func (s *scanner) duplicates(stack [][]byte) [][]byte {
	switch s.peek() {
	case '{':
		first := len(stack)
		var many map[string]bool
		for more := s.enter('}'); more; more = s.next('}') {
			key := s.key()
			if s.err != nil {
				return stack
			}
			stack, many = s.compare(stack, first, key, many)
			if s.err == nil {
				stack = s.duplicates(stack)
			}
		}
		return stack[:first]
	case '[':
		for more := s.enter(']'); more; more = s.next(']') {
			stack = s.duplicates(stack)
		}
	default:
		s.skip()
	}
	return stack
}

// compare fails if the key is among those of its object, which stand in the
// stack from first on and, once they are many, in the map.
func (s *scanner) compare(stack [][]byte, first int, key []byte, many map[string]bool) ([][]byte, map[string]bool) {
	if many == nil && len(stack)-first == smallObject {
		many = make(map[string]bool, 2*smallObject)
		for _, k := range stack[first:] {
			many[string(k)] = true
		}
	}
	if many != nil {
		if many[string(key)] {
			s.duplicate()
		}
		many[string(key)] = true
		return stack, many
	}
	for _, k := range stack[first:] {
		if string(k) == string(key) {
			s.duplicate()
			break
		}
	}
	return append(stack, key), many
}
