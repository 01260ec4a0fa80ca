package plan

import (
	"strings"

	"github.com/gabion-security/gabion/pss"
)

// part is one control's part of a sentence: its reason, and in parentheses its
// detail.
type part struct{ reason, detail string }

// parts takes a sentence apart: "a (x, y), b (z)". Names in it are quoted by the
// API server.
func parts(sentence string) []part {
	var found []part
	depth, quoted, start := 0, false, 0
	add := func(text string) {
		reason, detail, _ := strings.Cut(text, " (")
		found = append(found, part{strings.TrimSpace(reason), strings.TrimSuffix(detail, ")")})
	}
	for i := 0; i < len(sentence); i++ {
		switch c := sentence[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			add(sentence[start:i])
			start = i + 1
		}
	}
	add(sentence[start:])
	return found
}

// reasonControls are the controls by the reasons that the API server gives for
// them, those of a level after those of a stricter one.
func reasonControls(reason string, level pss.Level) pss.ID {
	for _, known := range []struct {
		reason               string
		baseline, restricted pss.ID
	}{
		{"forbidden AppArmor profile", "appArmorProfile", ""},
		{"forbidden AppArmor profiles", "appArmorProfile", ""},
		{"non-default capabilities", "capabilities_baseline", ""},
		{"unrestricted capabilities", "", "capabilities_restricted"},
		{"host namespaces", "hostNamespaces", ""},
		{"hostPath volumes", "hostPathVolumes", ""},
		{"hostPort", "hostPorts", ""},
		{"probe or lifecycle host", "hostProbesAndHostLifecycle", ""},
		{"privileged", "privileged", ""},
		{"procMount", "procMount", "procMount_restricted"},
		{"seLinuxOptions", "seLinuxOptions", ""},
		{"seccompProfile", "seccompProfile_baseline", "seccompProfile_restricted"},
		{"forbidden sysctls", "sysctls", ""},
		{"hostProcess", "windowsHostProcess", ""},
		{"allowPrivilegeEscalation != false", "", "allowPrivilegeEscalation"},
		{"restricted volume types", "", "restrictedVolumes"},
		{"runAsNonRoot != true", "", "runAsNonRoot"},
		{"runAsUser=0", "", "runAsUser"},
	} {
		if known.reason == reason {
			if level == pss.Restricted && known.restricted != "" {
				return known.restricted
			}
			return known.baseline
		}
	}
	return ""
}

// bears returns the strictest level that the subject of a sighting can bear. A
// sentence at the restricted level speaks of baseline too, in restricted words
// where a restricted control stands for a baseline one; what is not understood
// counts as the worst.
func bears(s *sighting) pss.Level {
	if s.policy.Level != pss.Restricted {
		return pss.Privileged
	}
	for _, p := range parts(s.sentence) {
		if !baselineAllows(p) {
			return pss.Privileged
		}
	}
	return pss.Baseline
}

// baselineAllows reports whether a part of a sentence at the restricted level
// surely is nothing that baseline objects to.
func baselineAllows(p part) bool {
	switch reasonControls(p.reason, pss.Restricted) {
	case "allowPrivilegeEscalation", "runAsNonRoot", "runAsUser":
		return true
	case "capabilities_restricted", "seccompProfile_restricted":
		// "must set" asks for something, "must not" objects to what is there.
		return strings.Contains(p.detail, "must set") && !strings.Contains(p.detail, "must not")
	case "restrictedVolumes":
		return p.detail != "" && !strings.Contains(p.detail, `"hostPath"`)
	}
	return false
}

// sentenceViolations are the violations that a sentence names.
func sentenceViolations(s *sighting) []Violation {
	var found []Violation
	for _, p := range parts(s.sentence) {
		id := reasonControls(p.reason, s.policy.Level)
		level := s.policy.Level
		if c, ok := pss.LookupControl(id); ok {
			level = c.Level
		}
		found = append(found, Violation{Control: id, Level: level, Reason: p.reason, Origin: InAuditLog, Detail: p.detail})
	}
	return found
}
