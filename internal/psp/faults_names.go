package psp

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/util/validation"
)

// name checks the policy's own name.
func (f *faults) name(name string) {
	if name == "" {
		f.add("metadata.name", "is missing")
		return
	}
	f.subdomain("metadata.name", name, name)
}

// subdomain checks what is a name in the way of DNS; value is what is shown.
func (f *faults) subdomain(path, name, value string) {
	for _, wrong := range validation.IsDNS1123Subdomain(name) {
		f.errs = append(f.errs, invalid(path, value, wrong))
	}
}

// annotations checks those that belong to the policy. An empty name in a list of
// AppArmor's is a container without a profile, and in one of seccomp's nothing.
func (f *faults) annotations(all map[string]string) {
	for _, key := range []string{appArmorDefault, appArmorAllowed} {
		f.appArmor(key, all[key])
	}
	if name := all[seccompDefault]; name != "" {
		f.seccomp(seccompDefault, name)
	}
	if text := all[seccompAllowed]; text != "" {
		for _, name := range strings.Split(text, ",") {
			if name != "*" {
				f.seccomp(seccompAllowed, name)
			}
		}
	}
}

// appArmor checks an annotation with one name or several. The default is one
// name, whatever is in it.
func (f *faults) appArmor(key, text string) {
	names := []string{text}
	if key == appArmorAllowed {
		names = strings.Split(text, ",")
	}
	for _, name := range names {
		if name != "" && name != runtimeDefault && name != unconfined && !strings.HasPrefix(name, localhostPrefix) {
			f.errs = append(f.errs, invalid(annotation(key), text, fmt.Sprintf("invalid AppArmor profile name: %q", name)))
		}
	}
}

// seccomp checks the name of one profile.
func (f *faults) seccomp(key, name string) {
	file, local := strings.CutPrefix(name, localhostPrefix)
	switch {
	case local && strings.HasPrefix(file, "/"):
		f.errs = append(f.errs, invalid(annotation(key), file, "must be a relative path"))
	case local && slices.Contains(strings.Split(file, "/"), ".."):
		f.errs = append(f.errs, invalid(annotation(key), file, "must not contain '..'"))
	case !local && name != runtimeDefault && name != dockerDefault && name != unconfined:
		f.errs = append(f.errs, invalid(annotation(key), name, "must be a valid seccomp profile"))
	}
}

func annotation(key string) string { return "metadata.annotations[" + key + "]" }

// drivers checks the names of drivers. The paths are those of the policy: the
// API server's had the name of the list twice.
func (f *faults) drivers(s *Spec) {
	for i, v := range s.AllowedFlexVolumes {
		if v.Driver == "" {
			f.errs = append(f.errs, required(at("spec.allowedFlexVolumes", i)+".driver", "must specify a driver"))
		}
	}
	const longest = 63
	for i, d := range s.AllowedCSIDrivers {
		path := at("spec.allowedCSIDrivers", i) + ".name"
		if d.Name == "" {
			f.errs = append(f.errs, required(path, ""))
			continue
		}
		if len(d.Name) > longest {
			f.errs = append(f.errs, FieldError{path, fmt.Sprintf("Too long: must have at most %d bytes", longest)})
		}
		f.subdomain(path, strings.ToLower(d.Name), d.Name)
	}
}

// runtimeClasses checks the names of RuntimeClasses, and that the default is one
// of them.
func (f *faults) runtimeClasses(c *RuntimeClass) {
	const path, defaultPath = "spec.runtimeClass.allowedRuntimeClassNames", "spec.runtimeClass.defaultRuntimeClassName"
	for i, name := range c.Allowed {
		if name != "*" {
			f.subdomain(at(path, i), name, name)
		}
		if slices.Contains(c.Allowed[:i], name) {
			f.errs = append(f.errs, FieldError{at(path, i), fmt.Sprintf("Duplicate value: %q", name)})
		}
	}
	if slices.Contains(c.Allowed, "*") && len(c.Allowed) > 1 {
		f.add(path, "if '*' is present, must not specify other RuntimeClass names")
	}
	if c.Default == nil {
		return
	}
	f.subdomain(defaultPath, *c.Default, *c.Default)
	if !slices.Contains(c.Allowed, *c.Default) && !slices.Contains(c.Allowed, "*") {
		f.add(defaultPath, "%q is not among allowedRuntimeClassNames", *c.Default)
	}
}

const (
	longestSysctl = 253
	sysctlPattern = `([a-z0-9]([-_a-z0-9]*[a-z0-9])?\.)*([a-z0-9][-_a-z0-9]*)?[a-z0-9*]`
)

var sysctlName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("^" + sysctlPattern + "$") })

// sysctls checks a list of sysctls and patterns of them.
func (f *faults) sysctls(path string, list []string) {
	for i, name := range list {
		switch {
		case name == "":
			f.errs = append(f.errs, invalid(at(path, i), name, "empty sysctl not allowed"))
		case len(name) > longestSysctl || !sysctlName().MatchString(name):
			f.errs = append(f.errs, invalid(at(path, i), name,
				fmt.Sprintf("must have at most %d characters and match regex %s", longestSysctl, sysctlPattern)))
		}
	}
	if len(list) > 1 && slices.Contains(list, "*") {
		f.errs = append(f.errs, forbidden(path, "if '*' is present, must not specify other sysctls"))
	}
}
