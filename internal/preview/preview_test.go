package preview_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/preview"
	"github.com/gabion-security/gabion/pss"
)

func fine() *pss.Pod { return &pss.Pod{} }

func hostNetwork() *pss.Pod { return &pss.Pod{HostNetwork: true} }

func hostPath() *pss.Pod {
	return &pss.Pod{Volumes: []pss.Volume{{Name: "v", Sources: pss.VolumeHostPath}}}
}

func both() *pss.Pod {
	p := hostPath()
	p.HostPID = true
	return p
}

func pods(p ...preview.Pod) []preview.Pod { return p }

const header = `existing pods in namespace "ns" violate the new PodSecurity enforce level `

func TestWarningsAreTheAPIServers(t *testing.T) {
	t.Parallel()
	baseline := preview.Change{Level: pss.Baseline}
	for _, tt := range []struct {
		name   string
		labels map[string]string
		pods   []preview.Pod
		change preview.Change
		want   []string
	}{
		{name: "an empty namespace gives none", change: baseline},
		{name: "pods that pass give none", pods: pods(preview.Pod{Name: "a", Pod: fine()}), change: baseline},
		{
			name: "one pod stands alone", pods: pods(preview.Pod{Name: "a", Pod: hostNetwork()}, preview.Pod{Name: "b", Pod: fine()}), change: baseline,
			want: []string{header + `"baseline:latest"`, "a: host namespaces"},
		},
		{
			name:   "two pods are one and 1 other pod, under the smallest name",
			pods:   pods(preview.Pod{Name: "b", Pod: hostNetwork()}, preview.Pod{Name: "a", Pod: hostNetwork()}),
			change: baseline,
			want:   []string{header + `"baseline:latest"`, "a (and 1 other pod): host namespaces"},
		},
		{
			name: "three pods are one and 2 other pods",
			pods: pods(preview.Pod{Name: "c", Pod: hostPath()}, preview.Pod{Name: "b", Pod: hostPath()}, preview.Pod{Name: "a", Pod: hostPath()}), change: baseline,
			want: []string{header + `"baseline:latest"`, "a (and 2 other pods): hostPath volumes"},
		},
		{
			name: "groups are sorted by their lines, not by name or reason",
			pods: pods(preview.Pod{Name: "a-b", Pod: hostPath()}, preview.Pod{Name: "a", Pod: hostNetwork()}, preview.Pod{Name: "a", Pod: both()}, preview.Pod{Name: "a.b", Pod: both()}, preview.Pod{Name: "A", Pod: hostPath()}),
			// " " sorts before "-", and ":" behind it.
			change: baseline,
			want: []string{
				header + `"baseline:latest"`, "A (and 1 other pod): hostPath volumes",
				"a (and 1 other pod): host namespaces, hostPath volumes", "a: host namespaces",
			},
		},
		{
			name: "the version that is given is in the header", pods: pods(preview.Pod{Name: "a", Pod: hostNetwork()}),
			change: preview.Change{Level: pss.Baseline, Version: pss.V1(25)},
			want:   []string{header + `"baseline:v1.25"`, "a: host namespaces"},
		},
		{
			name: "a version label that stands is kept", pods: pods(preview.Pod{Name: "a", Pod: hostNetwork()}),
			labels: map[string]string{pss.EnforceVersionLabel: "v1.20"}, change: baseline,
			want: []string{header + `"baseline:v1.20"`, "a: host namespaces"},
		},
		{
			name: "privileged gives none", pods: pods(preview.Pod{Name: "a", Pod: hostNetwork()}), change: preview.Change{Level: pss.Privileged, Version: pss.V1(3)},
		},
		{
			name: "the same policy gives none", pods: pods(preview.Pod{Name: "a", Pod: hostNetwork()}),
			labels: map[string]string{pss.EnforceLabel: "baseline"}, change: baseline,
		},
		{
			name: "a looser level at the same version gives none", pods: pods(preview.Pod{Name: "a", Pod: hostNetwork()}),
			labels: map[string]string{pss.EnforceLabel: "restricted"}, change: baseline,
		},
		{
			name: "a looser level at another version is evaluated", pods: pods(preview.Pod{Name: "a", Pod: hostNetwork()}),
			labels: map[string]string{pss.EnforceLabel: "restricted", pss.EnforceVersionLabel: "v1.30"},
			change: preview.Change{Level: pss.Baseline, Version: pss.Latest},
			want:   []string{header + `"baseline:latest"`, "a: host namespaces"},
		},
		{
			name: "an invalid enforce label stood for restricted", pods: pods(preview.Pod{Name: "a", Pod: hostNetwork()}),
			labels: map[string]string{pss.EnforceLabel: "strict"}, change: baseline,
		},
		{
			name: "warn and audit labels do not matter", pods: pods(preview.Pod{Name: "a", Pod: hostNetwork()}),
			labels: map[string]string{pss.WarnLabel: "restricted", pss.AuditLabel: "restricted"}, change: baseline,
			want: []string{header + `"baseline:latest"`, "a: host namespaces"},
		},
		{
			name: "another label that is invalid and stays is tolerated", pods: pods(preview.Pod{Name: "a", Pod: hostNetwork()}),
			labels: map[string]string{pss.WarnLabel: "loud"}, change: baseline,
			want: []string{header + `"baseline:latest"`, "a: host namespaces"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := preview.Label(pss.Evaluator{}, preview.Namespace{Name: "ns", Labels: tt.labels, Pods: tt.pods}, tt.change)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.Warnings); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
			if len(got.Denied) > 0 {
				t.Errorf("denied: %v", got.Denied)
			}
		})
	}
}

func TestLabeledComparesTheLabelsThatAreSet(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		labels map[string]string
		change preview.Change
		want   bool
	}{
		{"no labels", nil, preview.Change{Level: pss.Privileged}, true},
		{"another level", map[string]string{pss.EnforceLabel: "restricted"}, preview.Change{Level: pss.Privileged}, true},
		{"the level stands", map[string]string{pss.EnforceLabel: "baseline"}, preview.Change{Level: pss.Baseline}, false},
		{
			"the level stands with a version that is left alone",
			map[string]string{pss.EnforceLabel: "baseline", pss.EnforceVersionLabel: "v1.1"},
			preview.Change{Level: pss.Baseline},
			false,
		},
		{
			"the level stands, the version does not",
			map[string]string{pss.EnforceLabel: "baseline"},
			preview.Change{Level: pss.Baseline, Version: pss.Latest},
			true,
		},
		{
			"both stand",
			map[string]string{pss.EnforceLabel: "baseline", pss.EnforceVersionLabel: "latest"},
			preview.Change{Level: pss.Baseline, Version: pss.Latest},
			false,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before := fmt.Sprint(tt.labels)
			got, err := preview.Label(pss.Evaluator{}, preview.Namespace{Name: "ns", Labels: tt.labels}, tt.change)
			if err != nil || got.Labeled != tt.want {
				t.Errorf("labeled is %v, want %v (error %v)", got.Labeled, tt.want, err)
			}
			if fmt.Sprint(tt.labels) != before {
				t.Errorf("the caller's labels were changed to %v", tt.labels)
			}
		})
	}
}

func TestARepairOfOnlySomeInvalidLabelsIsDenied(t *testing.T) {
	t.Parallel()
	ns := preview.Namespace{
		Name: "ns", Labels: map[string]string{pss.EnforceLabel: "strict", pss.WarnLabel: "loud"},
		Pods: pods(preview.Pod{Name: "a", Pod: hostNetwork()}),
	}
	got, err := preview.Label(pss.Evaluator{}, ns, preview.Change{Level: pss.Baseline, Version: pss.V1(1)})
	if err != nil {
		t.Fatal(err)
	}
	want := `metadata.labels[pod-security.kubernetes.io/warn]: Invalid value: "loud": must be one of privileged, baseline, restricted`
	if got.Denied.Error() != want {
		t.Errorf("denied: %v, want %s", got.Denied, want)
	}
	if got.Evaluated || got.Warnings != nil {
		t.Errorf("pods were looked at: %v", got.Warnings)
	}
}

func TestGroupsNameEveryPodAndWhatItViolates(t *testing.T) {
	t.Parallel()
	ns := preview.Namespace{
		Name: "ns", Pods: pods(preview.Pod{Name: "b", Pod: both()}, preview.Pod{Name: "c", Pod: fine()}, preview.Pod{Name: "a", Pod: both()}),
		Templates: pods(preview.Pod{Name: "deployment.apps/y", Pod: hostPath()}, preview.Pod{Name: "deployment.apps/x", Pod: hostPath()}, preview.Pod{Name: "job.batch/z", Pod: hostPath()}),
	}
	got, err := preview.Label(pss.Evaluator{}, ns, preview.Change{Level: pss.Baseline})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Pods) != 1 || len(got.Templates) != 1 {
		t.Fatalf("groups: %+v and %+v, want one each", got.Pods, got.Templates)
	}
	if diff := cmp.Diff([]string{"a", "b"}, got.Pods[0].Names); diff != "" {
		t.Error(diff)
	}
	var ids []string
	for _, v := range got.Pods[0].Violations {
		ids = append(ids, v.Control+" "+v.Level+" "+v.Reason)
	}
	if diff := cmp.Diff([]string{"hostNamespaces baseline host namespaces", "hostPathVolumes baseline hostPath volumes"}, ids); diff != "" {
		t.Error(diff)
	}
	if line := got.Templates[0].Line("workload"); line != "deployment.apps/x (and 2 other workloads): hostPath volumes" {
		t.Errorf("templates: %s", line)
	}
	if from, to := got.From.String(), got.To.String(); from != "privileged:latest" || to != "baseline:latest" {
		t.Errorf("from %s to %s", from, to)
	}
}

func TestAProfileGroupsPodsByWhatItHasAgainstThem(t *testing.T) {
	t.Parallel()
	ns := preview.Namespace{
		Name:      "ns",
		Pods:      pods(preview.Pod{Name: "b", Pod: both()}, preview.Pod{Name: "c", Pod: fine()}, preview.Pod{Name: "a", Pod: hostPath()}, preview.Pod{Name: "z", Pod: both()}),
		Templates: pods(preview.Pod{Name: "deployment.apps/x", Pod: both()}),
	}
	got, err := preview.Profile(ns, "p", func(p *preview.Pod) (preview.Judgement, error) {
		switch {
		case p.Pod.HostPID:
			return preview.Judgement{Reason: "host processes", Violations: func() []preview.Violation { return []preview.Violation{{Control: "hostPID"}} }}, nil
		case len(p.Pod.Volumes) > 0:
			return preview.Judgement{Reason: "volumes", Violations: func() []preview.Violation { return nil }}, nil
		}
		return preview.Judgement{}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`existing pods in namespace "ns" violate the profile "p"`, "a: volumes", "b (and 1 other pod): host processes"}
	if diff := cmp.Diff(want, got.Warnings); diff != "" || !got.Evaluated || got.Labeled {
		t.Errorf("(-want +got):\n%s%+v", diff, got)
	}
	if len(got.Templates) != 1 || len(got.Templates[0].Violations) != 1 || got.Templates[0].Violations[0].Control != "hostPID" {
		t.Errorf("templates: %+v", got.Templates)
	}
	failing := errors.New("no profile")
	if _, err := preview.Profile(ns, "p", func(*preview.Pod) (preview.Judgement, error) { return preview.Judgement{}, failing }); !errors.Is(err, failing) {
		t.Errorf("a pod that cannot be judged: %v", err)
	}
}

func TestThereIsNoLimitOnTheNumberOfPods(t *testing.T) {
	t.Parallel()
	ns := preview.Namespace{Name: "ns"}
	for i := range 5000 {
		ns.Pods = append(ns.Pods, preview.Pod{Name: fmt.Sprintf("p%04d", i), Pod: hostNetwork()})
	}
	got, err := preview.Label(pss.Evaluator{}, ns, preview.Change{Level: pss.Baseline})
	if err != nil {
		t.Fatal(err)
	}
	if want := "p0000 (and 4999 other pods): host namespaces"; len(got.Warnings) != 2 || got.Warnings[1] != want {
		t.Errorf("%s, want a header and %s", strings.Join(got.Warnings, "\n"), want)
	}
}

func TestAChangeThatIsNoneIsAnError(t *testing.T) {
	t.Parallel()
	ns := preview.Namespace{Name: "ns", Pods: pods(preview.Pod{Name: "a", Pod: fine()})}
	if got, err := preview.Label(pss.Evaluator{}, ns, preview.Change{}); err == nil && len(got.Denied) == 0 {
		t.Errorf("the zero Change was taken: %+v", got)
	}
}
