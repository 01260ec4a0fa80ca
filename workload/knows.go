package workload

// Knows reports whether the reader has been told where objects of a type hold
// their pods: its own table of kinds says so, or [Options.Paths].
func (r *Reader) Knows(apiVersion, kind string) bool {
	group, _ := splitAPIVersion(apiVersion)
	return r.kinds.find(group, kind) != nil
}
