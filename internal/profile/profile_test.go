package profile_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/profile"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

const head = "apiVersion: gabion.io/v1alpha1\nkind: PodSecurityProfile\nmetadata: {name: test}\nspec:\n"

// read reads a profile with the controls, above the level privileged.
func read(t *testing.T, controls string) *profile.Profile {
	t.Helper()
	p, err := profile.Read([]byte(head + "  base: {level: privileged}\n  " + controls + "\n"))
	if err != nil {
		t.Fatalf("%s: %v", controls, err)
	}
	return p
}

// pod reads the one pod with the spec, a flow mapping without its braces.
func pod(t *testing.T, spec string) *workload.Template {
	t.Helper()
	r, err := workload.NewReader(workload.Options{Extra: true})
	if err != nil {
		t.Fatal(err)
	}
	text := "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {" + spec + "}\n"
	if strings.HasPrefix(spec, "metadata: ") {
		text = "apiVersion: v1\nkind: Pod\n" + spec
	}
	for item := range r.Read("pod.yaml", strings.NewReader(text)) {
		if item.Err != nil || len(item.Templates) != 1 {
			t.Fatalf("%s: %v", spec, item.Err)
		}
		return &item.Templates[0]
	}
	t.Fatalf("%s: no pod", spec)
	return nil
}

// judged returns "control path" for every finding.
func judged(t *testing.T, p *profile.Profile, template *workload.Template) []string {
	t.Helper()
	v, err := p.Evaluate(pss.Evaluator{}, template)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, violation := range v.Violations {
		if violation.Reason == "" || violation.Detail == "" || len(violation.Findings) == 0 {
			t.Errorf("%+v says too little", violation)
		}
		for _, f := range violation.Findings {
			if f.Allowed == "" || f.Fix == "" || f.Explicit == f.Value.IsNull() && !strings.HasPrefix(f.Path, "spec.hostAliases") {
				t.Errorf("%+v says too little", f)
			}
			lines = append(lines, violation.Control+" "+f.Path)
		}
	}
	if v.Allowed() != (len(lines) == 0 && v.Base.Allowed()) {
		t.Errorf("allowed %t with %v", v.Allowed(), lines)
	}
	return lines
}

func TestEveryControlFindsWhatOffendsItAndNothingElse(t *testing.T) {
	t.Parallel()
	covered := map[string]bool{}
	for _, tt := range cases() {
		id, _, _ := strings.Cut(tt.control, ":")
		covered[id] = true
		t.Run(tt.control+" / "+tt.pod, func(t *testing.T) {
			t.Parallel()
			var want []string
			for _, path := range tt.want {
				want = append(want, id+" "+path)
			}
			if diff := cmp.Diff(want, judged(t, read(t, tt.control), pod(t, tt.pod))); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
	for _, c := range profile.Controls() {
		if !covered[c.ID] {
			t.Errorf("%s has no case", c.ID)
		}
	}
}

func TestASeccompAnnotationCountsAsAProfileOnlyWhereItMeansSomething(t *testing.T) {
	t.Parallel()
	const (
		path        = "securityContext.seccompProfile"
		ofPod       = "metadata: {name: p, annotations: {seccomp.security.alpha.kubernetes.io/pod: runtime/default}}\nspec: {containers: [{name: a}]}\n"
		ofContainer = "metadata: {name: p, annotations: {container.seccomp.security.alpha.kubernetes.io/a: runtime/default}}\nspec: {containers: [{name: a}]}\n"
		bad         = "metadata: {name: p, annotations: {seccomp.security.alpha.kubernetes.io/pod: unconfined}}\nspec: {containers: [{name: a}]}\n"
		badPath     = `metadata.annotations["seccomp.security.alpha.kubernetes.io/pod"]`
	)
	for _, tt := range []struct {
		base       string
		kubernetes pss.Version
		who, pod   string
		want       []string
	}{
		{"version: v1.26", 0, "Pod", ofPod, nil},
		{"version: v1.27", 0, "Pod", ofPod, []string{"spec." + path}},
		{"version: latest", 0, "Pod", ofPod, []string{"spec." + path}},
		{"", 0, "Pod", ofPod, []string{"spec." + path}},
		{"", pss.V1(26), "Pod", ofPod, nil}, // what latest means there
		{"version: v1.26", 0, "Containers", ofPod, nil},
		{"version: v1.27", 0, "Containers", ofPod, []string{"spec.containers[0]." + path}},
		{"version: v1.26", 0, "Containers", ofContainer, nil},
		{"version: v1.27", 0, "Containers", ofContainer, []string{"spec.containers[0]." + path}},
		{"version: v1.26", 0, "Never", bad, []string{badPath}},
		{"version: v1.27", 0, "Never", bad, []string{badPath}},
		{"version: v1.27", 0, "Pod", bad, []string{badPath, "spec." + path}},
	} {
		p, err := profile.Read([]byte(head + "  base: {level: privileged, " + tt.base + "}\n  seccompProfiles: {allowed: [runtime/default], required: " + tt.who + "}\n"))
		if err != nil {
			t.Fatal(err)
		}
		v, err := p.Evaluate(pss.Evaluator{Kubernetes: tt.kubernetes}, pod(t, tt.pod))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, violation := range v.Violations {
			for _, f := range violation.Findings {
				got = append(got, f.Path)
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", tt, diff)
		}
	}
}

func TestAControlThatIsNotStatedAsksNothing(t *testing.T) {
	t.Parallel()
	p := read(t, "windowsPods: Judged")
	for _, tt := range cases() {
		if lines := judged(t, p, pod(t, tt.pod)); lines != nil {
			t.Errorf("%s: %v", tt.pod, lines)
		}
	}
}

func TestAWindowsPodIsExcusedFromWhatOnlyLinuxHasUnlessTheProfileSaysOtherwise(t *testing.T) {
	t.Parallel()
	const spec = "os: {name: windows}, containers: [{name: a}]"
	for control, want := range map[string]string{
		"readOnlyRootFilesystem: Required":                                     "spec.containers[0].securityContext.readOnlyRootFilesystem",
		"privilegeEscalation: Forbidden":                                       "spec.containers[0].securityContext.allowPrivilegeEscalation",
		"privilegeEscalation: Stated":                                          "spec.containers[0].securityContext.allowPrivilegeEscalation",
		"userIDs: {rule: MustRunAsNonRoot}":                                    "spec.containers[0].securityContext.runAsNonRoot",
		"userIDs: {rule: MustRunAs, ranges: [{min: 1, max: 9}]}":               "spec.containers[0].securityContext.runAsUser",
		"groupIDs: {rule: MustRunAs, ranges: [{min: 1, max: 9}]}":              "spec.containers[0].securityContext.runAsGroup",
		"fsGroups: {rule: MustRunAs, ranges: [{min: 1, max: 9}]}":              "spec.securityContext.fsGroup",
		"supplementalGroups: {rule: MustRunAs, ranges: [{min: 1, max: 9}]}":    "spec.securityContext.supplementalGroups",
		"requiredDropCapabilities: [ALL]":                                      "spec.containers[0].securityContext.capabilities.drop",
		"statedCapabilities: [CHOWN]":                                          "spec.containers[0].securityContext.capabilities",
		"seccompProfiles: {allowed: [runtime/default], required: Containers}":  "spec.containers[0].securityContext.seccompProfile",
		"appArmorProfiles: {allowed: [runtime/default], required: Containers}": "spec.containers[0].securityContext.appArmorProfile",
		"seLinuxContexts: {required: Pod}":                                     "spec.securityContext.seLinuxOptions",
		"hostUsers: Forbidden":                                                 "spec.hostUsers",
		"procMountTypes: {allowed: [Unmasked]}":                                "spec.containers[0].securityContext.procMount",
	} {
		id, _, _ := strings.Cut(control, ":")
		if lines := judged(t, read(t, control), pod(t, spec)); lines != nil {
			t.Errorf("%s: %v, though it is excused", control, lines)
		}
		lines := judged(t, read(t, control+"\n  windowsPods: Judged"), pod(t, spec))
		if diff := cmp.Diff([]string{id + " " + want}, lines); diff != "" {
			t.Errorf("%s (-want +got):\n%s", control, diff)
		}
	}
}

func TestAProfileNeverLetsPassWhatItsBaseRefuses(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 37))
	all := cases()
	var judgements, refused int
	for range 3000 {
		level := []string{"privileged", "baseline", "restricted"}[random.IntN(3)]
		controls := map[string]string{}
		for range random.IntN(6) {
			c := all[random.IntN(len(all))].control
			id, _, _ := strings.Cut(c, ":")
			controls[id] = c
		}
		text := head + "  base: {level: " + level + "}\n"
		for _, c := range controls {
			text += "  " + c + "\n"
		}
		p, err := profile.Read([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		template := pod(t, all[random.IntN(len(all))].pod)
		v, err := p.Evaluate(pss.Evaluator{}, template)
		if err != nil {
			t.Fatal(err)
		}
		base, err := (pss.Evaluator{}).Evaluate(&template.Pod, p.Base())
		if err != nil {
			t.Fatal(err)
		}
		if want := base.Allowed() && len(v.Violations) == 0; v.Allowed() != want {
			t.Errorf("%s allows: %t, want %t", text, v.Allowed(), want)
		}
		if v.Allowed() && !base.Allowed() {
			t.Errorf("%s allows what %s refuses", text, p.Base())
		}
		judgements++
		if !base.Allowed() {
			refused++
		}
	}
	if refused == 0 || refused == judgements {
		t.Errorf("%d of %d refused: nothing was compared", refused, judgements)
	}
}

func TestWhatWasNotReadInFullIsNotJudged(t *testing.T) {
	t.Parallel()
	p := read(t, "hostPID: Forbidden")
	short := pod(t, "containers: [{name: a}]")
	short.Extra.Containers = nil
	for name, judge := range map[string]func() (profile.Verdict, error){
		"a pod without its extra view": func() (profile.Verdict, error) {
			return p.Evaluate(pss.Evaluator{}, &workload.Template{})
		},
		"a pod with half of its extra view": func() (profile.Verdict, error) { return p.Evaluate(pss.Evaluator{}, short) },
		"a profile that was not compiled": func() (profile.Verdict, error) {
			return new(profile.Profile).Evaluate(pss.Evaluator{}, pod(t, "containers: [{name: a}]"))
		},
	} {
		if v, err := judge(); err == nil || v.Allowed() {
			t.Errorf("%s is judged: %v", name, err)
		}
	}
}

func TestControlsAreExplainedAndHaveNoNameOfTheStandard(t *testing.T) {
	t.Parallel()
	taken := map[string]bool{}
	for _, c := range pss.Controls() {
		taken[strings.ToLower(string(c.ID))], taken[strings.ToLower(c.Name)] = true, true
	}
	for _, c := range profile.Controls() {
		if c.Why == "" || c.Fix == "" || len(c.Fields) == 0 {
			t.Errorf("%s is not explained", c.ID)
		}
		for _, name := range []string{c.ID, c.Name} {
			if name = strings.ToLower(name); taken[name] && !strings.EqualFold(c.ID, c.Name) {
				t.Errorf("%s: the name %q is taken", c.ID, name)
			}
			taken[name] = true
		}
	}
}

func TestTheSentenceNamesWhoAndWhat(t *testing.T) {
	t.Parallel()
	p := read(t, "userIDs: {rule: MustRunAs, ranges: [{min: 5, max: 9}]}")
	v, err := p.Evaluate(pss.Evaluator{}, pod(t, "securityContext: {runAsUser: 3}, containers: [{name: a}, {name: b, securityContext: {runAsUser: 4}}]"))
	if err != nil {
		t.Fatal(err)
	}
	const want = `pod and container "b" must run as a user that the profile allows; found "3", "4"`
	if len(v.Violations) != 1 || v.Violations[0].Detail != want {
		t.Errorf("got %+v, want %s", v.Violations, want)
	}
}
