package workload

// Options choose how a [Reader] reads. The zero Options are usable.
type Options struct {
	// Paths are pod templates of kinds that the table of known kinds lacks, or
	// has elsewhere: they win over the table.
	Paths []TemplatePath
	// Extra reads, beside what the Pod Security Standards look at, what
	// profiles and PodSecurityPolicy do, into [Template.Extra].
	Extra bool
	// Stored says that the objects come from an API server, which has already
	// applied its defaulting; none is applied again.
	Stored bool
	// JSON keeps each object's JSON in [Item.JSON], for who looks at more of it.
	JSON bool
	// Annotations names annotations to keep, of objects in [Item.Annotations] and
	// of their templates in [Template.Annotations]. Those that Pod Security reads
	// are none of them.
	Annotations []string
	// MaxObject is the largest size in bytes of one object's text, 16 MiB if 0.
	// Lists may be larger: only their items count.
	MaxObject int
}

// TemplatePath says where objects of a kind hold pod templates.
type TemplatePath struct {
	Group string // the API group, empty for core
	Kind  string
	// Path leads to the templates: "spec.template", "spec.roles[*].template"
	// (every item of a list) or "spec.replicaSpecs.*.template" (every value of
	// a map).
	Path string
	// Partial marks a kind whose controller adds to the pod on its own.
	Partial bool
}
