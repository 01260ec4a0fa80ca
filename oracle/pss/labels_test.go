package pss

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/oracle/pss/trial"
	"github.com/gabion-security/gabion/oracle/pss/upstream"
	"github.com/gabion-security/gabion/pss"
	"k8s.io/pod-security-admission/api"
)

var (
	labelKeys = []string{
		pss.EnforceLabel, pss.EnforceVersionLabel, pss.AuditLabel, pss.AuditVersionLabel, pss.WarnLabel, pss.WarnVersionLabel,
		"pod-security.kubernetes.io/enforced", "pod-security.kubernetes.io/", "pod-security.kubernetes.io/Enforce", "enforce",
		"kubernetes.io/metadata.name",
	}
	labelValues = []string{
		"privileged", "baseline", "restricted", "privileged", "baseline", "restricted", "latest", "v1.0", "v1.24", "v1.25", "v1.37",
		"v1.99", "v1.00", "v1.01", "v1.", "v1", "v2.1", "1.25", "v1.25.1", "V1.25", "Latest", "", " ", "latest ", "Baseline", "baseline ",
		"v1.-1", "v1.+1", "v1.9223372036854775807", "v1.9223372036854775808", "v1.18446744073709551616", "v1.1_0", "v1.1e1", "v1.\u0661",
		"v1.25\n", "\"", "a\"b\\", "\xff", "\x00", "\u2028", "\u00e9", "null", "\U0001f512",
	}
)

// toOurs turns upstream's policy into Gabion's.
func toOurs(t *testing.T, p api.Policy) pss.Policy {
	t.Helper()
	mode := func(lv api.LevelVersion) pss.LevelVersion {
		level, err := pss.ParseLevel(string(lv.Level))
		if err != nil {
			t.Fatalf("%s: %v", lv, err)
		}
		version := pss.Latest
		if !lv.Latest() {
			version = pss.V1(lv.Minor())
		}
		return pss.LevelVersion{Level: level, Version: version}
	}
	return pss.Policy{Enforce: mode(p.Enforce), Audit: mode(p.Audit), Warn: mode(p.Warn)}
}

func randomPolicy(r *rand.Rand) pss.Policy {
	mode := func() pss.LevelVersion {
		levels := pss.Levels()
		return pss.LevelVersion{
			Level:   levels[r.IntN(len(levels))],
			Version: []pss.Version{pss.Latest, pss.V1(0), pss.V1(25), pss.V1(99)}[r.IntN(4)],
		}
	}
	if r.IntN(2) == 0 {
		return pss.DefaultPolicy()
	}
	return pss.Policy{Enforce: mode(), Audit: mode(), Warn: mode()}
}

func TestNamespaceLabelsGiveUpstreamsPolicyAndErrors(t *testing.T) {
	t.Parallel()
	s := trial.New(t, 200_000)
	r := rand.New(rand.NewPCG(s.Seed, 0))
	for range s.Count {
		var labels map[string]string
		for range r.IntN(7) {
			if labels == nil {
				labels = map[string]string{}
			}
			labels[labelKeys[r.IntN(len(labelKeys))]] = labelValues[r.IntN(len(labelValues))]
		}
		defaults := randomPolicy(r)
		theirs, theirErrs := api.PolicyToEvaluate(labels, api.Policy{
			Enforce: upstream.LevelVersion(defaults.Enforce),
			Audit:   upstream.LevelVersion(defaults.Audit),
			Warn:    upstream.LevelVersion(defaults.Warn),
		})
		ours, ourErrs := pss.PolicyFromLabels(labels, defaults)
		if want := toOurs(t, theirs); ours != want {
			t.Fatalf("seed %d: labels %q with defaults %v: policy %v, upstream's is %v", s.Seed, labels, defaults, ours, want)
		}
		if ours.FullyPrivileged() != theirs.FullyPrivileged() {
			t.Fatalf("seed %d: labels %q: fully privileged %t", s.Seed, labels, ours.FullyPrivileged())
		}
		if len(ourErrs) != len(theirErrs) {
			t.Fatalf("seed %d: labels %q: errors %v, upstream's are %v", s.Seed, labels, ourErrs, theirErrs)
		}
		if len(ourErrs) > 0 {
			if got, want := ourErrs.Error(), theirErrs.ToAggregate().Error(); got != want {
				t.Fatalf("seed %d: labels %q: error %q, upstream's is %q", s.Seed, labels, got, want)
			}
		}
		other, otherDefaults := randomPolicy(r), upstreamPolicy(ours)
		theirOther := upstreamPolicy(other)
		if got, want := ours.Equivalent(other), otherDefaults.Equivalent(&theirOther); got != want {
			t.Fatalf("seed %d: %v equivalent to %v: %t, upstream says %t", s.Seed, ours, other, got, want)
		}
	}
}

func upstreamPolicy(p pss.Policy) api.Policy {
	return api.Policy{
		Enforce: upstream.LevelVersion(p.Enforce),
		Audit:   upstream.LevelVersion(p.Audit),
		Warn:    upstream.LevelVersion(p.Warn),
	}
}

// sameParse compares both parsers of levels and versions on one string.
func sameParse(t *testing.T, s string) {
	t.Helper()
	level, err := pss.ParseLevel(s)
	theirLevel, theirErr := api.ParseLevel(s)
	if level.String() != string(theirLevel) || !sameText(err, theirErr) {
		t.Fatalf("level %q: %v, %v; upstream says %v, %v", s, level, err, theirLevel, theirErr)
	}
	version, err := pss.ParseVersion(s)
	theirVersion, theirErr := api.ParseVersion(s)
	if version.String() != theirVersion.String() || !sameText(err, theirErr) {
		t.Fatalf("version %q: %v, %v; upstream says %v, %v", s, version, err, theirVersion, theirErr)
	}
}

func sameText(a, b error) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return a.Error() == b.Error()
}

func FuzzParseLevelAndVersion(f *testing.F) {
	for _, v := range labelValues {
		f.Add(v)
	}
	f.Fuzz(sameParse)
}

func TestMutatedLevelsAndVersionsParseAsUpstreamDoes(t *testing.T) {
	t.Parallel()
	s := trial.New(t, 200_000)
	r := rand.New(rand.NewPCG(s.Seed, 1))
	const alphabet = "v1.0123456789latesrick-+_ \n"
	for range s.Count {
		value := []byte(labelValues[r.IntN(len(labelValues))])
		for range r.IntN(3) {
			at := r.IntN(len(value) + 1)
			value = append(value[:at:at], append([]byte{alphabet[r.IntN(len(alphabet))]}, value[at:]...)...)
		}
		sameParse(t, strings.Clone(string(value)))
	}
}

func TestVersionsAndLevelsOrderAsUpstreamDoes(t *testing.T) {
	t.Parallel()
	versions := []pss.Version{pss.V1(0), pss.V1(1), pss.V1(9), pss.V1(10), pss.V1(37), pss.V1(1000), pss.Latest}
	for _, a := range versions {
		for _, b := range versions {
			theirs, other := upstream.Version(a), upstream.Version(b)
			if got, want := a < b, theirs.Older(other); got != want {
				t.Errorf("%v < %v is %t, upstream says %t", a, b, got, want)
			}
		}
	}
	for _, a := range pss.Levels() {
		for _, b := range pss.Levels() {
			if got, want := int(a)-int(b), api.CompareLevels(api.Level(a.String()), api.Level(b.String())); sign(got) != want {
				t.Errorf("%v compared with %v is %d, upstream says %d", a, b, got, want)
			}
		}
	}
}

func sign(n int) int {
	return min(1, max(-1, n))
}
