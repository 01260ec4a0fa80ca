package pss

import (
	"slices"
	"strings"
)

// SELinux. Setting the SELinux type is restricted, and setting a custom SELinux
// user or role is forbidden. The level is free.
//
//	spec.securityContext.seLinuxOptions and
//	spec.[*]containers[*].securityContext.seLinuxOptions:
//	    type: undefined, "", container_t, container_init_t, container_kvm_t,
//	          container_engine_t (v1.31+)
//	    user, role: undefined, ""
func seLinuxOptions() Control {
	types := []string{"container_t", "container_init_t", "container_kvm_t"}
	newer := append(slices.Clone(types), "container_engine_t")
	return Control{
		ID:    "seLinuxOptions",
		Name:  "SELinux",
		Level: Baseline,
		Revisions: []Revision{
			{Since: V1(0), Change: "Only the types of containers, no custom user or role.", rule: seLinuxTypes(types)},
			{Since: V1(31), Looser: true, Change: "container_engine_t is allowed.", rule: seLinuxTypes(newer)},
		},
		Fields: slices.Concat(contextFields("securityContext.seLinuxOptions.type"),
			contextFields("securityContext.seLinuxOptions.user"), contextFields("securityContext.seLinuxOptions.role")),
		Allowed: append([]string{"undefined"}, newer...),
		Why:     "Other SELinux types, such as spc_t, are not confined, and a custom user or role can lift the confinement.",
		Fix:     "Remove user and role, and use a type of containers; level may stay.",
		PSP:     []PSPControl{{Name: "The SELinux context of the container", Fields: []string{"seLinux"}}},

		about:    statedSELinux,
		describe: describeSELinux,
	}
}

// The parts of seLinuxOptions.
const (
	seLinuxType = iota
	seLinuxUser
	seLinuxRole
)

func seLinuxTypes(allowed []string) rule {
	oneOf := "undefined, " + strings.Join(allowed, ", ")
	return rule{
		find: func(p *Pod, yield func(place) bool) bool {
			return eachContext(p, func(n int, sc *SecurityContext) bool {
				o := &sc.SELinux
				return (o.Type == "" || slices.Contains(allowed, o.Type) || yield(place{container: n, part: seLinuxType})) &&
					(o.User == "" || yield(place{container: n, part: seLinuxUser})) &&
					(o.Role == "" || yield(place{container: n, part: seLinuxRole}))
			})
		},
		finding: func(p *Pod, at place) Finding {
			o := &at.context(p).SELinux
			switch at.part {
			case seLinuxUser:
				return Finding{
					field: "securityContext.seLinuxOptions.user", Value: StringValue(o.User),
					Allowed: "undefined", Fix: "remove seLinuxOptions.user",
				}
			case seLinuxRole:
				return Finding{
					field: "securityContext.seLinuxOptions.role", Value: StringValue(o.Role),
					Allowed: "undefined", Fix: "remove seLinuxOptions.role",
				}
			}
			return Finding{
				field: "securityContext.seLinuxOptions.type", Value: StringValue(o.Type),
				Allowed: oneOf, Fix: "remove seLinuxOptions.type, or use a type of containers",
			}
		},
	}
}

func describeSELinux(b []byte, p *Pod, findings []place) (string, []byte) {
	b = appendSetters(b, p, findings)
	b = append(b, " set forbidden securityContext.seLinuxOptions: "...)
	var types []place
	var user, role bool
	for _, at := range findings {
		switch at.part {
		case seLinuxType:
			types = append(types, at)
		case seLinuxUser:
			user = true
		case seLinuxRole:
			role = true
		}
	}
	separator := ""
	if len(types) > 0 {
		text := func(p *Pod, at place) string { return at.context(p).SELinux.Type }
		types = distinct(nil, p, types, text)
		b = append(b, plural(len(types), "type ", "types ")...)
		b = appendEach(b, p, types, text)
		separator = "; "
	}
	if user {
		b = append(b, separator...)
		b = append(b, "user may not be set"...)
		separator = "; "
	}
	if role {
		b = append(b, separator...)
		b = append(b, "role may not be set"...)
	}
	return "seLinuxOptions", b
}
