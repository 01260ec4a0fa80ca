package pss

import (
	"strings"
	"testing"
)

func TestParseLevel(t *testing.T) {
	t.Parallel()
	for _, l := range Levels() {
		if got, err := ParseLevel(l.String()); got != l || err != nil {
			t.Errorf("%s: %v %v", l, got, err)
		}
		var back Level
		if text, err := l.MarshalText(); err != nil || back.UnmarshalText(text) != nil || back != l {
			t.Errorf("%s does not survive its text", l)
		}
	}
	for _, s := range []string{"", "Restricted", " baseline", "baseline ", "invalid"} {
		if got, err := ParseLevel(s); err == nil || got != Restricted || err.Error() != "must be one of privileged, baseline, restricted" {
			t.Errorf("%q: %v %v", s, got, err)
		}
	}
	if _, err := Level(0).MarshalText(); err == nil {
		t.Error("the zero level has a text")
	}
}

func TestParseVersion(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]Version{
		"latest": Latest, "v1.0": V1(0), "v1.9": V1(9), "v1.37": V1(37), "v1.10000": V1(10000), "v1.9223372036854775807": V1(1<<63 - 1),
	} {
		got, err := ParseVersion(s)
		if got != want || err != nil || got.String() != s {
			t.Errorf("%s: %v %v", s, got, err)
		}
		var back Version
		if text, err := got.MarshalText(); err != nil || back.UnmarshalText(text) != nil || back != got {
			t.Errorf("%s does not survive its text", s)
		}
	}
	for _, s := range []string{"", "Latest", "1.25", "v1", "v1.", "v1.01", "v1.00", "v2.0", "v1.25.1", "v1.-1", "v1.+1", " v1.1", "v1.1 ", "v1.9223372036854775808", "v0.0"} {
		if got, err := ParseVersion(s); err == nil || got != Latest || err.Error() != `must be "latest" or "v1.x"` {
			t.Errorf("%q: %v %v", s, got, err)
		}
	}
	if !(V1(37) < Latest && V1(8) < V1(19) && V1(1<<63-1) < Latest) {
		t.Error("versions are not ordered")
	}
	if _, ok := Latest.Minor(); ok {
		t.Error("latest has a minor")
	}
	if m, ok := V1(25).Minor(); !ok || m != 25 {
		t.Error("v1.25 has no minor")
	}
}

// policy reads "enforce audit warn", each as level:version.
func policy(t *testing.T, s string) Policy {
	t.Helper()
	var lvs [3]LevelVersion
	for i, word := range strings.Fields(s) {
		level, version, _ := strings.Cut(word, ":")
		if lvs[i].Level.UnmarshalText([]byte(level)) != nil || lvs[i].Version.UnmarshalText([]byte(version)) != nil {
			t.Fatalf("bad policy %q", s)
		}
	}
	return Policy{Enforce: lvs[0], Audit: lvs[1], Warn: lvs[2]}
}

func TestPolicyFromLabels(t *testing.T) {
	t.Parallel()
	const none = "privileged:latest privileged:latest privileged:latest"
	for _, c := range []struct {
		name, labels, defaults, want, errors string
	}{
		{name: "no labels", want: none},
		{name: "other labels", labels: "a=b enforced=restricted", want: none},
		{name: "defaults without labels never raise warn", defaults: "restricted:latest privileged:latest privileged:latest", want: "restricted:latest privileged:latest privileged:latest"},
		{name: "warn follows enforce", labels: "enforce=baseline enforce-version=v1.20", want: "baseline:v1.20 privileged:latest baseline:v1.20"},
		{name: "warn follows enforce but keeps its own version", labels: "enforce=baseline enforce-version=v1.20 warn-version=v1.30", want: "baseline:v1.20 privileged:latest baseline:v1.30"},
		{name: "an invalid warn version is latest, and its own", labels: "enforce=baseline enforce-version=v1.20 warn-version=x", want: "baseline:v1.20 privileged:latest baseline:latest", errors: `metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "x": must be "latest" or "v1.x"`},
		{name: "an explicit weaker warn stays", labels: "enforce=restricted warn=privileged", want: "restricted:latest privileged:latest privileged:latest"},
		{name: "warn does not follow a looser enforce", labels: "enforce=baseline", defaults: "privileged:latest privileged:latest restricted:v1.30", want: "baseline:latest privileged:latest restricted:v1.30"},
		{name: "an invalid enforce level is restricted, and warn does not follow", labels: "enforce=foo", want: "restricted:latest privileged:latest privileged:latest", errors: `metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "foo": must be one of privileged, baseline, restricted`},
		{name: "invalid audit and warn levels are privileged", labels: "audit=x warn=y", defaults: "baseline:v1.2 baseline:v1.2 baseline:v1.2", want: "baseline:v1.2 privileged:v1.2 privileged:v1.2", errors: `[metadata.labels[pod-security.kubernetes.io/audit]: Invalid value: "x": must be one of privileged, baseline, restricted, metadata.labels[pod-security.kubernetes.io/warn]: Invalid value: "y": must be one of privileged, baseline, restricted]`},
		{name: "a version alone pins the default level", labels: "enforce-version=v1.9", defaults: "baseline:latest privileged:latest privileged:latest", want: "baseline:v1.9 privileged:latest privileged:latest"},
		{name: "values are quoted", labels: `enforce-version=v"1`, want: none, errors: `metadata.labels[pod-security.kubernetes.io/enforce-version]: Invalid value: "v\"1": must be "latest" or "v1.x"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var labels map[string]string
			for _, l := range strings.Fields(c.labels) {
				key, value, _ := strings.Cut(l, "=")
				if labels == nil {
					labels = map[string]string{}
				}
				labels[LabelPrefix+key] = value
			}
			defaults := DefaultPolicy()
			if c.defaults != "" {
				defaults = policy(t, c.defaults)
			}
			got, errs := PolicyFromLabels(labels, defaults)
			if got != policy(t, c.want) {
				t.Errorf("got %v, want %s", got, c.want)
			}
			if text := ""; len(errs) > 0 || c.errors != "" {
				if len(errs) > 0 {
					text = errs.Error()
				}
				if text != c.errors {
					t.Errorf("errors\ngot  %s\nwant %s", text, c.errors)
				}
			}
		})
	}
}

func TestEquivalence(t *testing.T) {
	t.Parallel()
	a := policy(t, "privileged:v1.1 privileged:latest privileged:latest")
	if !a.FullyPrivileged() || !a.Equivalent(DefaultPolicy()) {
		t.Error("privileged is privileged, whatever the version")
	}
	b := policy(t, "baseline:v1.37 privileged:latest privileged:latest")
	if b.FullyPrivileged() || b.Equivalent(policy(t, "baseline:latest privileged:latest privileged:latest")) {
		t.Error("latest is another policy than the newest version")
	}
}
