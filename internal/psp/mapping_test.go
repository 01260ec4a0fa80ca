package psp

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/pss"
)

// example reads one of the policies that Kubernetes' documentation had.
func example(t *testing.T, name string) *Policy {
	t.Helper()
	text, err := os.ReadFile("../../examples/psp/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, unknown, err := parse(t, string(text))
	if err != nil || len(unknown) > 0 {
		t.Fatal(err, unknown)
	}
	return p
}

func mapped(t *testing.T, p *Policy) *Mapping {
	t.Helper()
	m, err := p.Map(pss.Latest)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestThePoliciesOfTheDocumentationAreNotTheLevelsOfTheirNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		nearest pss.Level
		differs string
	}{
		{"privileged", pss.Privileged, "procMount sysctls procMount_restricted"},
		{"baseline", pss.Baseline, "capabilities_baseline seLinuxOptions seccompProfile_baseline procMount_restricted"},
		{"restricted", pss.Restricted, "seLinuxOptions"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := mapped(t, example(t, c.name))
			if m.Literal != pss.Privileged {
				t.Errorf("taken literally it is %s: every one of them lets SELinux options pass", m.Literal)
			}
			var differs []string
			for i := range m.Controls {
				if m.Controls[i].Differs(m.Nearest) {
					differs = append(differs, string(m.Controls[i].Control.ID))
				}
			}
			if m.Nearest != c.nearest || strings.Join(differs, " ") != c.differs {
				t.Errorf("nearest to %s but for %q, want %s but for %s", m.Nearest, differs, c.nearest, c.differs)
			}
		})
	}
}

func TestBeforeProbesWereLookedAtAPolicyCouldGuaranteeALevel(t *testing.T) {
	t.Parallel()
	const spec = `  volumes: [secret]
  runAsUser: {rule: RunAsAny}
  seLinux: {rule: MustRunAs, seLinuxOptions: {type: container_t}}
  fsGroup: {rule: RunAsAny}
  supplementalGroups: {rule: RunAsAny}
`
	p := withAnnotations(policyOf(t, "p", spec), appArmorAllowed, "runtime/default")
	for version, want := range map[pss.Version]pss.Level{pss.V1(33): pss.Baseline, pss.V1(34): pss.Privileged} {
		m, err := p.Map(version)
		if err != nil {
			t.Fatal(err)
		}
		if m.Literal != want {
			t.Errorf("at %s: %s, want %s", version, m.Literal, want)
		}
	}
}

func TestTheControlsThatDecideOnTheLiteralAnswerAreNamed(t *testing.T) {
	t.Parallel()
	strict := `  volumes: [secret]
  allowPrivilegeEscalation: false
  requiredDropCapabilities: [ALL]
  runAsUser: {rule: MustRunAsNonRoot}
  seLinux: {rule: MustRunAs, seLinuxOptions: {type: container_t}}
  fsGroup: {rule: RunAsAny}
  supplementalGroups: {rule: RunAsAny}
`
	for _, c := range []struct {
		name, spec string
		version    pss.Version
		byFields   pss.Level
		decisive   string
	}{
		{"only what policies have no field for", strict, pss.Latest, pss.Baseline, "hostProbesAndHostLifecycle"},
		{"that and a field", strict + "  hostPID: true\n", pss.Latest, pss.Privileged, "hostNamespaces hostProbesAndHostLifecycle"},
		{"a field", strict + "  hostPID: true\n", pss.V1(33), pss.Privileged, "hostNamespaces"},
		{"the next level", strict, pss.V1(33), pss.Baseline, "runAsNonRoot runAsUser seccompProfile_restricted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m, err := withAnnotations(policyOf(t, "p", c.spec), appArmorAllowed, "runtime/default").Map(c.version)
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, id := range m.Decisive {
				ids = append(ids, string(id))
			}
			if got := strings.Join(ids, " "); m.ByFields != c.byFields || got != c.decisive {
				t.Errorf("%s by its fields, decided by %q; want %s, %q", m.ByFields, got, c.byFields, c.decisive)
			}
		})
	}
}

// A pod may name root for itself as long as each of its containers names another
// user: PodSecurityPolicy judged containers, the standard judges both.
func TestARuleForUsersIsNoControlForUsersToTheLetter(t *testing.T) {
	t.Parallel()
	for rule, meets := range map[string]struct{ runAsNonRoot, runAsUser bool }{
		"{rule: MustRunAsNonRoot}":                            {true, true},
		"{rule: MustRunAs, ranges: [{min: 1000, max: 2000}]}": {false, true},
		"{rule: MustRunAs, ranges: [{min: 0, max: 2000}]}":    {false, false},
		"{rule: RunAsAny}":                                    {false, false},
	} {
		p := policyOf(t, "p", strings.Replace(lenient, "runAsUser: {rule: RunAsAny}", "runAsUser: "+rule, 1))
		for _, c := range mapped(t, p).Controls {
			want, found := map[pss.ID]bool{"runAsNonRoot": meets.runAsNonRoot, "runAsUser": meets.runAsUser}[c.Control.ID]
			if found && (c.Meets != want || c.ByIntent() != want || len(c.Findings) == 0) {
				t.Errorf("%s of %s: meets %v, by intent %v, findings %d", c.Control.ID, rule, c.Meets, c.ByIntent(), len(c.Findings))
			}
			if !found && c.ByIntent() {
				t.Errorf("%s of %s is met by intent", c.Control.ID, rule)
			}
		}
	}
}

func TestSettingsThatNoLevelLooksAtAreNamedWithWhereTheyGo(t *testing.T) {
	t.Parallel()
	p := withAnnotations(policyOf(t, "p", `  defaultAddCapabilities: [CHOWN]
  readOnlyRootFilesystem: true
  allowedHostPaths: [{pathPrefix: /var}]
  forbiddenSysctls: ["*"]
  runtimeClass: {allowedRuntimeClassNames: [a]}
  runAsGroup: {rule: RunAsAny}
  runAsUser: {rule: MustRunAs, ranges: [{min: 1, max: 2}]}
  seLinux: {rule: RunAsAny}
  fsGroup: {rule: RunAsAny}
  supplementalGroups: {rule: MayRunAs, ranges: [{min: 1, max: 2}]}
`), seccompDefault, "runtime/default")
	got := map[string]string{}
	for _, s := range mapped(t, p).NoOpinion {
		got[s.Field] = s.Value
	}
	want := map[string]string{
		"defaultAddCapabilities": `["CHOWN"]`, "readOnlyRootFilesystem": "true", "allowedHostPaths": `[{"pathPrefix":"/var"}]`,
		"forbiddenSysctls": `["*"]`, "runtimeClass": `{"allowedRuntimeClassNames":["a"]}`,
		"runAsUser":          `{"rule":"MustRunAs","ranges":[{"min":1,"max":2}]}`,
		"supplementalGroups": `{"rule":"MayRunAs","ranges":[{"min":1,"max":2}]}`,
		"metadata.annotations[seccomp.security.alpha.kubernetes.io/defaultProfileName]": `"runtime/default"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryFieldOfAPolicyIsEitherAControlsOrOfNoOpinion(t *testing.T) {
	t.Parallel()
	controls := map[string]bool{}
	for _, c := range mapped(t, example(t, "privileged")).Controls {
		for _, s := range c.Settings {
			controls[s.Field] = true
		}
	}
	full := withAnnotations(policyOf(t, "p", `  defaultAddCapabilities: [CHOWN]
  readOnlyRootFilesystem: true
  defaultAllowPrivilegeEscalation: true
  allowedHostPaths: [{pathPrefix: /var}]
  allowedFlexVolumes: [{driver: d}]
  allowedCSIDrivers: [{name: d}]
  forbiddenSysctls: ["*"]
  runtimeClass: {allowedRuntimeClassNames: [a]}
  runAsGroup: {rule: MayRunAs, ranges: [{min: 1, max: 2}]}
  fsGroup: {rule: MayRunAs, ranges: [{min: 1, max: 2}]}
  supplementalGroups: {rule: MayRunAs, ranges: [{min: 1, max: 2}]}
  runAsUser: {rule: RunAsAny}
  seLinux: {rule: RunAsAny}
`), seccompDefault, "runtime/default", appArmorDefault, "runtime/default")
	for _, s := range mapped(t, full).NoOpinion {
		controls[s.Field] = true
		if s.Goes == "" {
			t.Errorf("%s goes where?", s.Field)
		}
	}
	_, unknown, err := parse(t, head+lenient+"  x: 1\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range unknown[0].Known {
		if !controls[field] {
			t.Errorf("the map says nothing of %s", field)
		}
	}
	for _, annotation := range []string{seccompDefault, seccompAllowed, appArmorDefault, appArmorAllowed} {
		if !controls["metadata.annotations["+annotation+"]"] {
			t.Errorf("the map says nothing of the annotation %s", annotation)
		}
	}
}

func TestTheLoosestPodIsAdmittedByItsPolicy(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"privileged", "baseline", "restricted"} {
		p := example(t, name)
		r, err := NewSimulator([]*Policy{p}, nil).Simulate(Request{Namespace: "shop", Pod: p.Loosest()})
		if err != nil || !r.Admitted || len(r.Patch) > 0 {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}
