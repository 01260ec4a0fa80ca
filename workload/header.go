package workload

// header is what decides how an object is read.
type header struct {
	apiVersion, kind       string
	hasAPIVersion, hasKind bool
	// items is the value of the top-level "items", nil if there is none.
	items []byte
}

// scanHeader reads the header of a JSON object and demands that the text is one
// well-formed object with nothing but white space after it. Its error is a
// *syntaxError. A value of apiVersion or kind that is no string counts as "".
func scanHeader(raw []byte) (header, error) {
	s := scanner{data: raw}
	if s.peek() != '{' && s.valueStarts() {
		s.wrongType(s.pos, "an object")
	}
	var h header
	var seen uint32
	for more := s.object(); more; more = s.nextMember() {
		switch string(s.key()) {
		case "apiVersion":
			s.once(&seen, 0)
			h.apiVersion, h.hasAPIVersion = s.textIfAny(), true
		case "kind":
			s.once(&seen, 1)
			h.kind, h.hasKind = s.textIfAny(), true
		case "items":
			s.once(&seen, 2)
			s.peek()
			start := s.pos
			s.skip()
			h.items = raw[start:s.pos]
		default:
			s.skip()
		}
	}
	s.end()
	if s.err != nil {
		return header{}, s.err
	}
	return h, nil
}

// textIfAny reads a value that should be a string, "" if it is none.
func (s *scanner) textIfAny() string {
	if s.peek() == '"' {
		return s.text()
	}
	s.skip()
	return ""
}
