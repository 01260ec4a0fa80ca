package workload

// duplicates goes over the value at the scanner's place and fails at the first
// key that comes twice in one object, at any depth.
func (s *scanner) duplicates(open *keyStack) {
	switch s.peek() {
	case '{':
		keys := open.open()
		for more := s.enter('}'); more; more = s.next('}') {
			key := s.key()
			if s.err != nil {
				return
			}
			if !open.add(&keys, key) {
				s.duplicate()
			}
			if s.peek() == '"' { // as most values are
				s.skipString()
			} else {
				s.duplicates(open)
			}
		}
		open.close(keys)
	case '[':
		for more := s.enter(']'); more; more = s.next(']') {
			s.duplicates(open)
		}
	default:
		s.skip()
	}
}
