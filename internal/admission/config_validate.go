package admission

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gabion-security/gabion/pss"
)

// complete makes a Config of what a file states, in upstream's two steps: the
// defaults are resolved, then the exemptions are validated. The first step also
// finds what upstream's validation of the defaults would.
func (c *PodSecurityConfiguration) complete() (Config, error) {
	policy, faults := c.Defaults.policy()
	if err := aggregate("configuration error", faults); err != nil {
		return Config{}, err
	}
	e := c.Exemptions
	faults = slices.Concat(
		validateNames("exemptions.namespaces", e.Namespaces, validateLabel),
		validateNames("exemptions.runtimeClasses", e.RuntimeClasses, validateSubdomain),
		validateNames("exemptions.usernames", e.Usernames, func(name string) []string {
			if name == "" {
				return []string{"username must not be empty"}
			}
			return nil
		}),
	)
	if err := aggregate("invalid configuration", faults); err != nil {
		return Config{}, err
	}
	return Config{Defaults: policy, Exemptions: NewExemptions(e.Usernames, e.Namespaces, e.RuntimeClasses)}, nil
}

// policy resolves the defaults.
func (d PodSecurityDefaults) policy() (p pss.Policy, faults []string) {
	level := func(field, value string) pss.Level {
		l, err := pss.ParseLevel(cmp.Or(value, pss.Privileged.String()))
		if err != nil {
			faults = append(faults, field+": "+err.Error())
		}
		return l
	}
	version := func(field, value string) pss.Version {
		v, err := pss.ParseVersion(cmp.Or(value, pss.Latest.String()))
		if err != nil {
			faults = append(faults, field+": "+err.Error())
		}
		return v
	}
	p.Enforce = pss.LevelVersion{Level: level("enforce", d.Enforce), Version: version("enforce-version", d.EnforceVersion)}
	p.Audit = pss.LevelVersion{Level: level("audit", d.Audit), Version: version("audit-version", d.AuditVersion)}
	p.Warn = pss.LevelVersion{Level: level("warn", d.Warn), Version: version("warn-version", d.WarnVersion)}
	return p, faults
}

// aggregate makes one error of several faults: one bare, more in brackets.
func aggregate(what string, faults []string) error {
	switch len(faults) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%s: %s", what, faults[0])
	}
	return fmt.Errorf("%s: [%s]", what, strings.Join(faults, ", "))
}

// validateNames finds names that could never match, and names that come twice.
func validateNames(field string, names []string, validate func(string) []string) (faults []string) {
	seen := map[string]bool{}
	for i, name := range names {
		at := field + "[" + strconv.Itoa(i) + "]"
		if wrong := validate(name); len(wrong) > 0 {
			faults = append(faults, at+": Invalid value: "+strconv.Quote(name)+": "+strings.Join(wrong, ", "))
			continue
		}
		if seen[name] {
			faults = append(faults, at+": Duplicate value: "+strconv.Quote(name))
		}
		seen[name] = true
	}
	return faults
}

// What the names of namespaces and of runtime classes must be, in the API
// server's words.
const (
	labelFault = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with " +
		"an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
	subdomainFault = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
		"end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
		`'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`
)

// validateLabel says why a name is no DNS label, nothing if it is one.
func validateLabel(name string) (faults []string) {
	if len(name) > 63 {
		faults = append(faults, "must be no more than 63 characters")
	}
	switch {
	case isLabel(name):
	case isSubdomain(name):
		faults = append(faults, "must not contain dots")
	default:
		faults = append(faults, labelFault)
	}
	return faults
}

// validateSubdomain says why a name is no DNS subdomain, nothing if it is one.
func validateSubdomain(name string) (faults []string) {
	if len(name) > 253 {
		faults = append(faults, "must be no more than 253 characters")
	}
	if !isSubdomain(name) {
		faults = append(faults, subdomainFault)
	}
	return faults
}

// isLabel reports whether the name has only the characters of a DNS label, in
// order; its length does not matter here.
func isLabel(name string) bool {
	for i := range len(name) {
		c := name[i]
		edge := i == 0 || i == len(name)-1
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && (c != '-' || edge) {
			return false
		}
	}
	return name != ""
}

func isSubdomain(name string) bool {
	for label := range strings.SplitSeq(name, ".") {
		if !isLabel(label) {
			return false
		}
	}
	return true
}
