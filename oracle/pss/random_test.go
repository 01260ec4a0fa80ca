package pss

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/gabion-security/gabion/oracle/pss/trial"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
	"github.com/gabion-security/gabion/workload/typed"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// randomPod makes the nth pod and Gabion's view of it as stored: one in ten by
// way of YAML, three by way of JSON, the others from the typed object.
func randomPod(t *testing.T, s trial.Trial, n uint64) (*corev1.Pod, workload.Template) {
	t.Helper()
	stored := workload.Options{Stored: true}
	switch medium := n % 10; {
	case medium == 0:
		pod := s.Generator(n).Pod()
		// Not everything that upstream writes as YAML it can read again.
		if data, err := yaml.Marshal(pod); err == nil {
			if again := new(corev1.Pod); yaml.Unmarshal(data, again) == nil {
				return again, readYAML(t, data, stored)
			}
		}
		return pod, typed.Pod(pod, stored)
	case medium < 4:
		pod := s.Generator(n).Pod()
		data := toJSON(t, pod)
		again := new(corev1.Pod) // encoding forgets empty lists and the like
		decodeJSON(t, data, again)
		return again, readJSON(t, data, stored)
	default:
		pod := s.Generator(n).WithInvalidUTF8().Pod()
		return pod, typed.Pod(pod, stored)
	}
}

func TestRandomPodsGetUpstreamsVerdictAndWords(t *testing.T) {
	t.Parallel()
	const versionsEach = 10
	s := trial.New(t, 25_000)
	j := newJudges(t, 0)
	var comparisons atomic.Uint64
	var allowed [2]atomic.Uint64 // at latest
	s.Each(t, func(t *testing.T, n uint64) {
		pod, view := randomPod(t, s, n)
		r := s.Chooser(n)
		for i := range versionsEach {
			version := r.IntN(len(j.questions))
			if i == 0 {
				version = len(j.questions) - 1
			}
			for level, q := range j.questions[version] {
				if j.compare(t, q, &view.Pod, &pod.ObjectMeta, &pod.Spec) && i == 0 {
					allowed[level].Add(1)
				}
				comparisons.Add(1)
			}
		}
	})
	baseline, restricted := allowed[0].Load()*100/s.Count, allowed[1].Load()*100/s.Count
	t.Logf("%d pods, %d comparisons; baseline:latest allows %d%%, restricted:latest %d%%",
		s.Count, comparisons.Load(), baseline, restricted)
	if s.Count >= 1000 && (baseline < 20 || baseline > 80 || restricted < 20 || restricted > 80) {
		t.Error("the generator makes pods that are too much alike")
	}
}

func TestRandomPodsGetTheVerdictOfTheClustersOwnMinor(t *testing.T) {
	t.Parallel()
	s := trial.New(t, 4_000)
	var clusters []*judges
	for minor := range newest + 3 {
		clusters = append(clusters, newJudges(t, pss.V1(minor)))
	}
	s.Each(t, func(t *testing.T, n uint64) {
		pod, view := randomPod(t, s, n)
		r := s.Chooser(n)
		for range 4 {
			j := clusters[r.IntN(len(clusters))]
			for _, version := range []int{r.IntN(len(j.questions)), len(j.questions) - 1} {
				for _, q := range j.questions[version] {
					j.compare(t, q, &view.Pod, &pod.ObjectMeta, &pod.Spec)
				}
			}
		}
	})
}

func TestControlsInForceAreUpstreamsChecks(t *testing.T) {
	t.Parallel()
	for minor := range newest + 3 {
		j := newJudges(t, pss.V1(minor))
		for _, levels := range j.questions {
			for _, q := range levels {
				at := pss.LevelVersion{Level: q.ours.Level, Version: j.ours.Resolve(q.ours.Version)}
				var ours, theirs []string
				for _, c := range pss.ControlsAt(at) {
					ours = append(ours, string(c.ID)+" "+c.Level.String())
				}
				for _, c := range q.active {
					theirs = append(theirs, string(c.ID)+" "+string(c.Level))
				}
				if fmt.Sprint(ours) != fmt.Sprint(theirs) {
					t.Errorf("%v on v1.%d: controls %v, upstream's are %v", q.ours, minor, ours, theirs)
				}
			}
		}
	}
}

func TestStrictestLevelIsTheStrictestThatUpstreamAllows(t *testing.T) {
	t.Parallel()
	s := trial.New(t, 10_000)
	j := newJudges(t, 0)
	s.Each(t, func(t *testing.T, n uint64) {
		pod, view := randomPod(t, s, n)
		r := s.Chooser(n)
		for range 5 {
			levels := j.questions[r.IntN(len(j.questions))]
			want := pss.Privileged
			for _, q := range levels {
				_, theirs := j.answers(t, q, &view.Pod, &pod.ObjectMeta, &pod.Spec)
				if theirs.Allowed {
					want = q.ours.Level
				}
			}
			got, err := j.ours.Strictest(&view.Pod, levels[0].ours.Version)
			if err != nil || got != want {
				t.Fatalf("strictest level at %s is %v (%v), want %v\nannotations: %q\nspec: %s",
					levels[0].ours.Version, got, err, want, pod.Annotations, toJSON(t, pod.Spec))
			}
		}
	})
}
