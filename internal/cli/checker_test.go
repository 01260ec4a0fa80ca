package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// namespace returns a Namespace object with labels, a JSON object.
func namespace(name, labels string) string {
	return `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"` + name + `","labels":` + labels + `}}` + "\n"
}

const (
	privileged = `{"pod-security.kubernetes.io/enforce":"privileged"}`
	atBaseline = `{"pod-security.kubernetes.io/enforce":"baseline"}`
	restricted = `{"pod-security.kubernetes.io/enforce":"restricted"}`
	warned     = `{"pod-security.kubernetes.io/enforce":"baseline","pod-security.kubernetes.io/warn":"privileged"}`
	other      = `{"team":"a"}`
)

// checked is the part of a report that tests look at.
type checked struct {
	Results []struct {
		Policy, PolicyFrom string
		Warn               *struct{ Policy string }
	}
	NotChecked, Errors []report.Error
	Summary            report.Summary
}

// check checks what stands on standard input.
func check(t *testing.T, input string, args ...string) (int, checked, string) {
	t.Helper()
	s, out, stderr := system(append([]string{"check", "-o", "json"}, args...)...)
	s.Stdin = strings.NewReader(input)
	code := Main(s)
	var r checked
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return code, r, stderr.String()
}

func TestTheNamespacesOfTheInputDecide(t *testing.T) {
	t.Parallel()
	const byDefault, byNamespace = report.FromDefault, report.FromNamespace
	for _, tt := range []struct {
		name, input, policy, from string
		code                      int
		line                      string // on standard error
	}{
		{"none", "", "restricted:latest", byDefault, 1, ""},
		{"one", namespace("default", privileged), "privileged:latest", byNamespace, 0, ""},
		{"the same twice", namespace("default", privileged) + namespace("default", privileged), "privileged:latest", byNamespace, 0, ""},
		{
			"an unlabelled one before a labelled one", namespace("default", other) + namespace("default", privileged), "restricted:latest", byDefault, 3,
			`standard input:2: namespace "default" is in the input with other Pod Security labels too (no enforce label and privileged:latest); the stricter policy applies`,
		},
		{
			"an unlabelled one behind a labelled one", namespace("default", atBaseline) + namespace("default", "null"), "restricted:latest", byDefault, 3,
			`standard input:2: namespace "default" is in the input with other Pod Security labels too (baseline:latest and no enforce label); the stricter policy applies`,
		},
		{"an unlabelled one that asks for the same", namespace("default", other) + namespace("default", restricted), "restricted:latest", byNamespace, 1, ""},
		{"an unlabelled one behind one that asks for the same", namespace("default", restricted) + namespace("default", other), "restricted:latest", byNamespace, 1, ""},
		{"unlabelled ones", namespace("default", other) + namespace("default", "null"), "restricted:latest", byDefault, 1, ""},
		{
			"ones that differ in warn", namespace("default", warned) + namespace("default", atBaseline), "baseline:latest", byNamespace, 3,
			`standard input:2: namespace "default" is in the input with other Pod Security labels for warn or audit too; the stricter policies apply`,
		},
		{"one without a name", namespace("", privileged) + namespace("x", privileged), "restricted:latest", byDefault, 1, ""},
		{
			"a broken one", namespace("default", `{"pod-security.kubernetes.io/enforce":"privileged","x":5}`), "restricted:latest", byDefault, 3,
			`standard input:1: metadata.labels.x: expected a string, found a number`,
		},
		{
			"one of another API", strings.Replace(namespace("default", privileged), `"v1"`, `"example.com/v1"`, 1), "restricted:latest", byDefault, 1, "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code, r, stderr := check(t, tt.input+pod, "-")
			if code != tt.code || len(r.Results) != 1 || r.Results[0].Policy != tt.policy || r.Results[0].PolicyFrom != tt.from {
				t.Errorf("exit code %d, %+v; want %d, %s from %s", code, r.Results, tt.code, tt.policy, tt.from)
			}
			lines := strings.Split(stderr, "\n")
			if tt.line == "" && len(lines) != 2 || tt.line != "" && lines[0] != tt.line {
				t.Errorf("standard error: %swant %s", stderr, tt.line)
			}
			if code, _, stderr := check(t, pod+tt.input, "-"); code != tt.code {
				t.Errorf("behind the pod: exit code %d, want %d: %s", code, tt.code, stderr)
			}
			if code, _, stderr := check(t, tt.input+pod, "-", "--level=privileged"); code != 0 && tt.name != "a broken one" {
				t.Errorf("with --level: exit code %d, want 0: %s", code, stderr)
			}
		})
	}
}

func TestWhatIsLeftOfABrokenNamespaceDecidesNothing(t *testing.T) {
	t.Parallel()
	item := workload.Item{
		Object:  workload.Object{APIVersion: "v1", Kind: "Namespace", Name: "x"},
		Labels:  map[string]string{pss.EnforceLabel: "privileged"},
		Outcome: workload.PassedOver,
	}
	if !isNamespace(&item) {
		t.Error("a Namespace is none")
	}
	item.Outcome = workload.Broken
	if isNamespace(&item) {
		t.Error("a broken one counts")
	}
}

func TestTheSummaryAddsUp(t *testing.T) {
	t.Parallel()
	const (
		service = `{"apiVersion":"v1","kind":"Service","metadata":{"name":"s"}}` + "\n"
		machine = `{"apiVersion":"example.com/v1","kind":"Machine","spec":{"template":{"spec":{"containers":[{"name":"a"}]}}}}` + "\n"
		// a part of it is where the kind has a template
		partly = `{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","metadata":{"name":"r"},"spec":{` +
			`"template":{"spec":{"containers":[{"name":"a"}]}},"more":{"spec":{"containers":[{"name":"a"}]}}}}` + "\n"
		wrong = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"hostPID":"yes"}}` + "\n"
	)
	for _, tt := range []struct {
		name, input string
		args        []string
		want        report.Summary
	}{
		{"some of everything", pod + service + machine + wrong + pod, nil, report.Summary{Objects: 5, Checked: 2, Violating: 2, NotChecked: 1, PassedOver: 1, Errors: 1}},
		{"an object that was read in part", partly, nil, report.Summary{Objects: 1, Violating: 1, NotChecked: 1}},
		{
			"a Namespace with an invalid label", namespace("default", `{"pod-security.kubernetes.io/enforce":"strict"}`) + pod, nil,
			report.Summary{Objects: 2, Checked: 1, Violating: 1, Errors: 1},
		},
		{
			"Namespaces that contradict each other", namespace("default", atBaseline) + namespace("default", privileged) + pod, nil,
			report.Summary{Objects: 3, Checked: 1, Violating: 1, PassedOver: 1, Errors: 1},
		},
		{
			"a Namespace with an invalid label that does not matter", namespace("default", `{"pod-security.kubernetes.io/enforce":"strict"}`) + pod,
			[]string{"--level=privileged"}, report.Summary{Objects: 2, Checked: 1, PassedOver: 1},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, r, stderr := check(t, tt.input, append(tt.args, "-")...)
			if diff := cmp.Diff(tt.want, r.Summary); diff != "" {
				t.Errorf("summary (-want +got):\n%s%s", diff, stderr)
			}
			if s := r.Summary; s.Objects != s.Checked+s.NotChecked+s.PassedOver+s.Errors || s.Errors != len(r.Errors) {
				t.Errorf("it does not add up: %+v", s)
			}
		})
	}
}

func TestFilesThatCannotBeReadComeOnTopOfTheObjects(t *testing.T) {
	t.Parallel()
	_, r, _ := check(t, pod, "-", filepath.Join(t.TempDir(), "missing.yaml"))
	if diff := cmp.Diff(report.Summary{Objects: 1, Checked: 1, Violating: 1, Errors: 1}, r.Summary); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
}

// manyContainers returns a pod's template, every container of which violates the
// policy, and what the policy finds.
func manyContainers(tb testing.TB, n int) (*workload.Template, pss.Verdict) {
	tb.Helper()
	template := &workload.Template{}
	for i := range n {
		template.Pod.Containers = append(template.Pod.Containers, pss.Container{Name: "c", Index: i})
	}
	verdict, err := (pss.Evaluator{}).Evaluate(&template.Pod, strict())
	if err != nil {
		tb.Fatal(err)
	}
	return template, verdict
}

func TestContainersAreCountedInTheirOrder(t *testing.T) {
	t.Parallel()
	const n = 16_000
	template, verdict := manyContainers(t, n)
	findings := verdictOf(verdict, template).Violations[0].Findings
	if len(findings) != n {
		t.Fatalf("%d findings, want %d", len(findings), n)
	}
	for i := range findings {
		if findings[i].Order != i+1 {
			t.Fatalf("container %d has order %d", i, findings[i].Order)
		}
	}
}

// BenchmarkVerdictOfManyContainers shows that a container takes as long among many
// as among few.
func BenchmarkVerdictOfManyContainers(b *testing.B) {
	for _, n := range []int{2_000, 16_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			template, verdict := manyContainers(b, n)
			for b.Loop() {
				verdictOf(verdict, template)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/container")
		})
	}
}

func TestVersionsThatAreNotKnownYetAreNoted(t *testing.T) {
	t.Parallel()
	note := "note: the standard is known up to " + pss.NewestVersion().String() + " here; v1.999 is taken to be the same\n"
	for _, tt := range []struct {
		args []string
		want int
	}{
		{[]string{"check", "-", "--version=v1.999"}, 1},
		{[]string{"check", "-", "--kubernetes-version=v1.999"}, 1},
		{[]string{"check", "-", "--version=v1.999", "--kubernetes-version=v1.999"}, 1},
		{[]string{"check", "-", "--version=" + pss.NewestVersion().String()}, 0},
		{[]string{"check", "-", "--version=latest"}, 0},
		{[]string{"check", "-"}, 0},
		{[]string{"preview", "--all", "--enforce=baseline:v1.999", "-"}, 1},
		{[]string{"preview", "--all", "--enforce=baseline:latest", "-"}, 0},
		{[]string{"preview", "--all", "--enforce=baseline", "-"}, 0},
		{[]string{"controls", "--version=v1.999"}, 1},
		{[]string{"controls"}, 0},
	} {
		s, _, stderr := system(tt.args...)
		Main(s)
		if got := strings.Count(stderr.String(), note); got != tt.want || strings.Count(stderr.String(), "note: ") != tt.want {
			t.Errorf("%v: %d notes, want %d: %s", tt.args, got, tt.want, stderr)
		}
	}
}

func TestObjectsWithoutANameAreCalledTheSameEverywhere(t *testing.T) {
	t.Parallel()
	const input = `{"apiVersion":"v1","kind":"Pod","spec":{"hostPID":true,"containers":[{"name":"app"}]}}` + "\n" +
		`{"apiVersion":"apps/v1","kind":"Deployment","spec":{"template":{"spec":{"hostPID":true,"containers":[{"name":"app"}]}}}}` + "\n" +
		`{"apiVersion":"example.com/v1","kind":"Machine","spec":{"template":{"spec":{"containers":[{"name":"a"}]}}}}` + "\n" +
		`{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"web-"},"spec":{"hostPID":true,"containers":[{"name":"app"}]}}` + "\n"
	for _, tt := range []struct {
		args []string
		want []string
	}{
		{[]string{"check", "-", "-o", "name"}, []string{"pod/(unnamed)\ndeployment.apps/(unnamed)\npod/web-\n"}},
		{[]string{"check", "-"}, []string{
			"FAIL  default pod/(unnamed)  ", "FAIL  default deployment.apps/(unnamed)  ",
			"NOT CHECKED  default machine.example.com/(unnamed)  ", ": machine.example.com/(unnamed): not checked: ",
		}},
		{[]string{"preview", "--all", "--enforce=baseline", "--templates", "-"}, []string{
			"Warning: (unnamed) (and 1 other pod): ", "Template: deployment.apps/(unnamed): ", ": machine.example.com/(unnamed): not checked: ",
		}},
	} {
		s, out, stderr := system(tt.args...)
		s.Stdin = strings.NewReader(input)
		Main(s)
		for _, want := range tt.want {
			if got := out.String() + stderr.String(); !strings.Contains(got, want) {
				t.Errorf("%v: got\n%swant %s", tt.args, got, want)
			}
		}
	}
}

func TestANamespaceThatIsNotThereIsNoWrongUsage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, input string
		args        []string
		want        []string
	}{
		{"all of the input is known", pod, []string{"a"}, []string{`gabion: there is no namespace "a" in the input` + "\n"}},
		{"two are missing", pod, []string{"a", "default", "b"}, []string{`gabion: there are no namespaces "a", "b" in the input` + "\n"}},
		{"some of it is broken", pod + "{", []string{"a"}, []string{`gabion: there is no namespace "a" in the input` + "\n", "in.json:2: "}},
		{
			"some of it is not checked", `{"apiVersion":"x.io/v1","kind":"M","spec":{"containers":[{"name":"a"}]}}`, []string{"a"},
			[]string{`gabion: there is no namespace "a" in the input` + "\n", ": not checked: "},
		},
		{
			"some of it is not checked, which is accepted", `{"apiVersion":"x.io/v1","kind":"M","spec":{"containers":[{"name":"a"}]}}`,
			[]string{"a", "--allow-unchecked"}, []string{`gabion: there is no namespace "a" in the input` + "\n"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "in.json")
			if err := os.WriteFile(path, []byte(tt.input), 0o600); err != nil {
				t.Fatal(err)
			}
			s, out, stderr := system(append(append([]string{"preview"}, tt.args...), "--enforce=baseline", "-f", path)...)
			if code := Main(s); code != 3 || out.Len() > 0 {
				t.Errorf("exit code %d, want 3: %s%s", code, out, stderr)
			}
			for _, want := range tt.want {
				if !strings.Contains(stderr.String(), want) {
					t.Errorf("standard error: %swant %s", stderr, want)
				}
			}
		})
	}
}

func TestLabelsThatAreNotPodSecuritysDoNotContradict(t *testing.T) {
	t.Parallel()
	for input, want := range map[string]int{
		namespace("default", other) + namespace("default", "{}"):        0,
		namespace("default", atBaseline) + namespace("default", "null"): 3,
	} {
		s, _, stderr := system("preview", "--all", "--enforce=baseline", "-")
		s.Stdin = strings.NewReader(input)
		if code := Main(s); code != want {
			t.Errorf("%s: exit code %d, want %d: %s", input, code, want, stderr)
		}
	}
}
