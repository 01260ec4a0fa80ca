package pss

import (
	"strconv"
	"strings"
)

// LevelVersion is a level of the standard as of a version, such as
// restricted:latest. It is what a pod is judged against.
type LevelVersion struct {
	Level   Level
	Version Version
}

// String returns level and version joined by a colon, as in the API server's
// messages: "restricted:latest".
func (lv LevelVersion) String() string { return lv.Level.String() + ":" + lv.Version.String() }

// Equivalent reports whether both mean the same without knowing what latest is:
// they are equal, or both are privileged, whatever the versions.
func (lv LevelVersion) Equivalent(other LevelVersion) bool {
	return lv == other || lv.Level == Privileged && other.Level == Privileged
}

// Policy is what a namespace asks of its pods in each mode: enforce refuses a
// pod, audit annotates the audit log, warn warns the client.
type Policy struct {
	Enforce, Audit, Warn LevelVersion
}

// DefaultPolicy returns what an API server without configuration gives an
// unlabelled namespace: privileged:latest in every mode.
func DefaultPolicy() Policy {
	lv := LevelVersion{Privileged, Latest}
	return Policy{Enforce: lv, Audit: lv, Warn: lv}
}

// Equivalent reports whether all three modes are equivalent.
func (p Policy) Equivalent(other Policy) bool {
	return p.Enforce.Equivalent(other.Enforce) && p.Audit.Equivalent(other.Audit) && p.Warn.Equivalent(other.Warn)
}

// FullyPrivileged reports whether no mode asks anything of a pod.
func (p Policy) FullyPrivileged() bool {
	return p.Enforce.Level == Privileged && p.Audit.Level == Privileged && p.Warn.Level == Privileged
}

// The labels by which a namespace states its policy.
const (
	LabelPrefix         = "pod-security.kubernetes.io/"
	EnforceLabel        = LabelPrefix + "enforce"
	EnforceVersionLabel = LabelPrefix + "enforce-version"
	AuditLabel          = LabelPrefix + "audit"
	AuditVersionLabel   = LabelPrefix + "audit-version"
	WarnLabel           = LabelPrefix + "warn"
	WarnVersionLabel    = LabelPrefix + "warn-version"
)

// LabelError is one namespace label whose value is neither a level nor a
// version. Its text is the API server's.
type LabelError struct {
	Key     string // the label, such as pod-security.kubernetes.io/enforce
	Value   string // the value found
	Message string // what the value must be
}

// Error returns the API server's sentence for the label.
func (e LabelError) Error() string {
	return "metadata.labels[" + e.Key + "]: Invalid value: " + strconv.Quote(e.Value) + ": " + e.Message
}

// LabelErrors are the invalid labels of one namespace, in the API server's
// order.
type LabelErrors []LabelError

// Error returns the API server's aggregate: one sentence bare, several in
// brackets.
func (es LabelErrors) Error() string {
	if len(es) == 1 {
		return es[0].Error()
	}
	texts := make([]string, len(es))
	for i, e := range es {
		texts[i] = e.Error()
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

// PolicyFromLabels resolves the labels of a namespace against the configured
// defaults as Pod Security admission does (PolicyToEvaluate in
// k8s.io/pod-security-admission/api). The policy is usable even if there are
// errors: an invalid enforce level means restricted, an invalid audit or warn
// level privileged, an invalid version latest. Without a warn label, warn
// follows an enforce label that is stricter.
func PolicyFromLabels(labels map[string]string, defaults Policy) (Policy, LabelErrors) {
	if len(labels) == 0 {
		return defaults, nil
	}
	p := defaults
	var errs LabelErrors
	level := func(key string, to *Level, fallback Level) (present, valid bool) {
		value, ok := labels[key]
		if !ok {
			return false, false
		}
		l, err := ParseLevel(value)
		if err != nil {
			errs = append(errs, LabelError{key, value, err.Error()})
			l = fallback
		}
		*to = l
		return true, err == nil
	}
	version := func(key string, to *Version) (present bool) {
		value, ok := labels[key]
		if !ok {
			return false
		}
		v, err := ParseVersion(value)
		if err != nil {
			errs = append(errs, LabelError{key, value, err.Error()})
		}
		*to = v
		return true
	}

	_, enforceValid := level(EnforceLabel, &p.Enforce.Level, Restricted)
	version(EnforceVersionLabel, &p.Enforce.Version)
	level(AuditLabel, &p.Audit.Level, Privileged)
	version(AuditVersionLabel, &p.Audit.Version)
	hasWarn, _ := level(WarnLabel, &p.Warn.Level, Privileged)
	hasWarnVersion := version(WarnVersionLabel, &p.Warn.Version)

	if !hasWarn && enforceValid && p.Enforce.Level > p.Warn.Level {
		p.Warn.Level = p.Enforce.Level
		if !hasWarnVersion {
			p.Warn.Version = p.Enforce.Version
		}
	}
	return p, errs
}
