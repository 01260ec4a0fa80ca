package admission

import (
	"context"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// namespace decides a request for a namespace: its labels must be valid, and if
// it enforces more than before, the client is warned of the pods that would not
// be let in again.
func (r *review) namespace(ctx context.Context) Decision {
	if r.req.Subresource != "" {
		return allow()
	}
	ns, d, ok := readNamespace(r.reader, r.req.object(), "")
	if !ok {
		return d
	}
	policy, errs := pss.PolicyFromLabels(ns.labels, r.config.Defaults)

	switch r.req.Operation {
	case Create:
		if len(errs) > 0 {
			return invalid(&r.req, errs)
		}
		d = allow()
		if r.config.Exemptions.Namespace(r.req.Namespace) {
			d.Warnings = r.config.ExemptWarnings(ns.name, ns.labels, policy)
		}
		return r.tellGuards(d, &ns, policy.Enforce)
	case Update:
		// Upstream's sentences have two spaces.
		old, d, ok := readNamespace(r.reader, r.req.oldObject(), " old ")
		if !ok {
			return d
		}
		oldPolicy, oldErrs := pss.PolicyFromLabels(old.labels, r.config.Defaults)
		if len(errs) > 0 && !slices.Equal(errs, oldErrs) {
			return invalid(&r.req, errs)
		}
		d = r.relabelled(ctx, &ns, policy, oldPolicy.Enforce)
		if ns.labels[pss.EnforceLabel] == old.labels[pss.EnforceLabel] && policy.Enforce == oldPolicy.Enforce {
			return d
		}
		return r.tellGuards(d, &ns, policy.Enforce)
	}
	return allow()
}

// readNamespace reads a namespace; if it is none, the Decision refuses the
// request.
func readNamespace(reader *workload.Reader, from unread, which string) (object, Decision, bool) {
	o, err := read(reader, from)
	switch {
	case err != nil:
		return object{}, badRequest("failed to decode "+which+"object", err), false
	case o.kind != kindNamespace:
		return object{}, badRequest("failed to decode "+which+"namespace", nil), false
	}
	return o, Decision{}, true
}

// relabelled decides the update of a namespace whose labels may stand.
func (r *review) relabelled(ctx context.Context, ns *object, policy pss.Policy, old pss.LevelVersion) Decision {
	d := allow()
	now := policy.Enforce
	switch {
	case now == old, now.Level == pss.Privileged, now.Version == old.Version && now.Level <= old.Level:
	case r.config.Exemptions.Namespace(r.req.Namespace):
		d.Warnings = r.config.ExemptWarnings(ns.name, ns.labels, policy)
	default:
		var uses []Use
		d.Warnings, uses = r.sweep(ctx, ns, now)
		d.tell(uses, "pods of the namespace")
	}
	return d
}

// tellGuards warns who labels a namespace that its pods have to meet more than the
// label says.
func (r *review) tellGuards(d Decision, ns *object, now pss.LevelVersion) Decision {
	if _, labelled := ns.labels[pss.EnforceLabel]; r.podGuards == nil || !labelled || r.config.Exemptions.Namespace(r.req.Namespace) {
		return d
	}
	guarding := r.podGuards(ns.name, ns.labels)
	d.Warnings = append(d.Warnings, guarding.Beside(now)...)
	return d
}

// ExemptWarnings warns that the labels of an exempt namespace do nothing, unless
// they ask for nothing. The policy is theirs.
func (c Config) ExemptWarnings(name string, labels map[string]string, policy pss.Policy) []string {
	if policy.FullyPrivileged() || policy.Equivalent(c.Defaults) {
		return nil
	}
	var modes []string
	for _, m := range []struct {
		name, label, versionLabel string
		policy                    pss.LevelVersion
	}{
		{"enforce", pss.EnforceLabel, pss.EnforceVersionLabel, policy.Enforce},
		{"audit", pss.AuditLabel, pss.AuditVersionLabel, policy.Audit},
		{"warn", pss.WarnLabel, pss.WarnVersionLabel, policy.Warn},
	} {
		_, hasLevel := labels[m.label]
		_, hasVersion := labels[m.versionLabel]
		if m.policy.Level != pss.Privileged && (hasLevel || hasVersion) {
			modes = append(modes, m.name+"="+m.policy.String())
		}
	}
	return []string{
		"namespace " + quote(name) + " is exempt from Pod Security, and the policy (" +
			strings.Join(modes, ", ") + ") will be ignored",
	}
}
