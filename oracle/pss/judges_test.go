package pss

import (
	"encoding/json"
	"testing"

	"github.com/gabion-security/gabion/oracle/pss/upstream"
	"github.com/gabion-security/gabion/pss"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// newest is the newest version of the standard in the upstream library that the
// module requires.
const newest = 37

// question is one thing to ask of both judges.
type question struct {
	ours   pss.LevelVersion
	theirs api.LevelVersion
	active []policy.Check
}

// judges are Gabion and upstream, both on a cluster of the same minor.
type judges struct {
	ours   pss.Evaluator
	theirs *upstream.Judge
	// questions are by version: v1.0 at 0, and so on past the newest known,
	// latest last; baseline and restricted.
	questions [][2]question
}

// newJudges returns the judges on a cluster of the version; the zero Version
// means the newest.
func newJudges(t testing.TB, kubernetes pss.Version) *judges {
	t.Helper()
	var emulated *api.Version
	if kubernetes.Valid() {
		v := upstream.Version(kubernetes)
		emulated = &v
	}
	theirs, err := upstream.New(emulated)
	if err != nil {
		t.Fatal(err)
	}
	j := &judges{ours: pss.Evaluator{Kubernetes: kubernetes}, theirs: theirs}
	for minor := range newest + 4 {
		j.ask(pss.V1(minor))
	}
	j.ask(pss.Latest)
	return j
}

// ask prepares the questions about a version.
func (j *judges) ask(v pss.Version) {
	var levels [2]question
	for i, level := range []pss.Level{pss.Baseline, pss.Restricted} {
		ours := pss.LevelVersion{Level: level, Version: v}
		theirs := upstream.LevelVersion(ours)
		levels[i] = question{ours, theirs, j.theirs.Active(theirs)}
	}
	j.questions = append(j.questions, levels)
}

// answers asks both judges.
func (j *judges) answers(t testing.TB, q question, view *pss.Pod, meta *metav1.ObjectMeta, spec *corev1.PodSpec) (ours, theirs upstream.Answer) {
	t.Helper()
	theirs, err := j.theirs.Judge(q.theirs, q.active, meta, spec)
	if err != nil {
		t.Fatal(err)
	}
	verdict, err := j.ours.Evaluate(view, q.ours)
	if err != nil {
		t.Fatal(err)
	}
	return upstream.Gabion(verdict), theirs
}

// compare fails the test unless both judges say the same; it reports whether
// the pod is allowed.
func (j *judges) compare(t testing.TB, q question, view *pss.Pod, meta *metav1.ObjectMeta, spec *corev1.PodSpec) bool {
	t.Helper()
	ours, theirs := j.answers(t, q, view, meta, spec)
	if !ours.Equal(theirs) {
		t.Fatalf("at %s on Kubernetes %s\nupstream: %s\ngabion:   %s\nannotations: %q\nspec: %s",
			q.ours, j.ours.Resolve(pss.Latest), theirs, ours, meta.Annotations, toJSON(t, spec))
	}
	return theirs.Allowed
}

func toJSON(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
