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

const (
	seLinuxType = "securityContext.seLinuxOptions.type"
	seLinuxUser = "securityContext.seLinuxOptions.user"
	seLinuxRole = "securityContext.seLinuxOptions.role"
)

func seLinuxTypes(allowed []string) rule {
	oneOf := "undefined, " + strings.Join(allowed, ", ")
	return func(p *Pod, yield func(Finding) bool) bool {
		return eachContext(p, func(c *Container, sc *SecurityContext) bool {
			o := &sc.SELinux
			if o.Type == "" && o.User == "" && o.Role == "" {
				return true
			}
			finding := func(field, value, allowed, fix string) Finding {
				return Finding{Container: c, field: field, Value: StringValue(value), Explicit: true, Allowed: allowed, Fix: fix}
			}
			return (o.Type == "" || slices.Contains(allowed, o.Type) ||
				yield(finding(seLinuxType, o.Type, oneOf, "remove seLinuxOptions.type, or use a type of containers"))) &&
				(o.User == "" || yield(finding(seLinuxUser, o.User, "undefined", "remove seLinuxOptions.user"))) &&
				(o.Role == "" || yield(finding(seLinuxRole, o.Role, "undefined", "remove seLinuxOptions.role")))
		})
	}
}

func describeSELinux(b []byte, findings []Finding) (string, []byte) {
	b = appendSetters(b, findings)
	b = append(b, " set forbidden securityContext.seLinuxOptions: "...)
	var types []string
	var user, role bool
	for i := range findings {
		switch findings[i].field {
		case seLinuxType:
			types = append(types, findings[i].Value.s)
		case seLinuxUser:
			user = true
		case seLinuxRole:
			role = true
		}
	}
	separator := ""
	if len(types) > 0 {
		types = sortedSet(types)
		b = appendCounted(b, "type", "types", types)
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
