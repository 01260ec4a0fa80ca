package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	psaapi "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// verdict is the answer of one side.
type verdict struct {
	allowed bool
	message string
}

// upstream judges by k8s.io/pod-security-admission at restricted:latest.
type upstream struct{ evaluator policy.Evaluator }

func newUpstream() (upstream, error) {
	e, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	return upstream{e}, err
}

func (u upstream) judge(pod *corev1.Pod) verdict { return u.judgeSpec(&pod.ObjectMeta, &pod.Spec) }

func (u upstream) judgeTemplate(t *corev1.PodTemplateSpec) verdict {
	return u.judgeSpec(&t.ObjectMeta, &t.Spec)
}

func (u upstream) judgeSpec(meta *metav1.ObjectMeta, spec *corev1.PodSpec) verdict {
	lv := psaapi.LevelVersion{Level: psaapi.LevelRestricted, Version: psaapi.LatestVersion()}
	result := policy.AggregateCheckResults(u.evaluator.EvaluatePod(lv, meta, spec))
	if result.Allowed {
		return verdict{allowed: true}
	}
	return verdict{message: result.ForbiddenDetail()}
}

func (u upstream) judgeJSON(text []byte) (verdict, error) {
	var pod corev1.Pod
	if err := json.Unmarshal(text, &pod); err != nil {
		return verdict{}, err
	}
	return u.judge(&pod), nil
}

func (u upstream) judgeYAML(text []byte) (verdict, error) {
	var pod corev1.Pod
	if err := yaml.Unmarshal(text, &pod); err != nil {
		return verdict{}, err
	}
	return u.judge(&pod), nil
}

// gabion judges by packages workload and pss at restricted:latest.
type gabion struct {
	reader    *workload.Reader
	evaluator pss.Evaluator
}

func (g gabion) judge(pod *pss.Pod) (verdict, error) {
	v, err := g.evaluator.Evaluate(pod, pss.LevelVersion{Level: pss.Restricted, Version: pss.Latest})
	if err != nil {
		return verdict{}, err
	}
	if v.Allowed() {
		return verdict{allowed: true}, nil
	}
	return verdict{message: v.Detail()}, nil
}

// judgeItem judges an object that was read and that holds one pod.
func (g gabion) judgeItem(item *workload.Item) (verdict, error) {
	if item.Outcome != workload.Read || len(item.Templates) != 1 {
		return verdict{}, fmt.Errorf("not read as one pod: %w", item.Err)
	}
	return g.judge(&item.Templates[0].Pod)
}

func (g gabion) judgeJSON(text []byte) (verdict, error) {
	item := g.reader.ReadObject(text)
	return g.judgeItem(&item)
}

func (g gabion) judgeYAML(text []byte) (verdict, error) {
	for item := range g.reader.Read("pod.yaml", bytes.NewReader(text)) {
		return g.judgeItem(&item) // there is one
	}
	return verdict{}, errors.New("nothing was read")
}

// sides returns both sides. Neither applies defaulting: an API server has done so
// before it asks.
func sides() (upstream, gabion, error) {
	u, err := newUpstream()
	if err != nil {
		return u, gabion{}, err
	}
	reader, err := workload.NewReader(workload.Options{Stored: true})
	return u, gabion{reader: reader}, err
}

// comparisons returns what is measured, after checking that both sides agree.
func comparisons(u upstream, g gabion) ([]comparison, error) {
	var list []comparison
	for _, c := range []struct {
		name    string
		pod     *corev1.Pod
		allowed bool
	}{
		{"verdict on a decoded pod that passes", passingPod(), true},
		{"verdict on a decoded pod that fails, with its sentence", failingPod(), false},
	} {
		decoded, err := decodedVerdict(u, g, c.name, c.pod, c.allowed)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		list = append(list, decoded)
	}
	for _, size := range []int{1 << 10, 4 << 10, 16 << 10} {
		c, err := bytesToVerdict("JSON", size, json.Marshal, u.judgeJSON, g.judgeJSON)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	for _, size := range []int{1 << 10, 4 << 10} {
		c, err := bytesToVerdict("YAML", size, yaml.Marshal, u.judgeYAML, g.judgeYAML)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// decodedVerdict compares the engines alone.
func decodedVerdict(u upstream, g gabion, name string, pod *corev1.Pod, allowed bool) (comparison, error) {
	text, err := json.Marshal(pod)
	if err != nil {
		return comparison{}, err
	}
	item := g.reader.ReadObject(text)
	theirs := u.judge(pod)
	ours, err := g.judgeItem(&item)
	if err != nil {
		return comparison{}, err
	}
	if err := agree(theirs, ours, allowed); err != nil {
		return comparison{}, err
	}
	view := &item.Templates[0].Pod
	return comparison{
		name:     name,
		upstream: func() verdict { return u.judge(pod) },
		gabion:   timed(view, g.judge),
	}, nil
}

// bytesToVerdict compares all the way from a manifest's text.
func bytesToVerdict(
	format string, size int, marshal func(any) ([]byte, error), upstream, gabion func([]byte) (verdict, error),
) (comparison, error) {
	pod, err := podOfSize(size)
	if err != nil {
		return comparison{}, err
	}
	text, err := marshal(pod)
	if err != nil {
		return comparison{}, err
	}
	name := fmt.Sprintf("%s to verdict, %.1f KB", format, float64(len(text))/1024)
	theirs, err := upstream(text)
	if err != nil {
		return comparison{}, fmt.Errorf("%s: upstream: %w", name, err)
	}
	ours, err := gabion(text)
	if err != nil {
		return comparison{}, fmt.Errorf("%s: %w", name, err)
	}
	if err := agree(theirs, ours, true); err != nil {
		return comparison{}, fmt.Errorf("%s: %w", name, err)
	}
	return comparison{
		name:     name,
		upstream: timed(text, upstream),
		gabion:   timed(text, gabion),
	}, nil
}

// timed is judge as it is measured. That it does not fail has been tried.
func timed[T any](input T, judge func(T) (verdict, error)) func() verdict {
	return func() verdict {
		v, err := judge(input)
		if err != nil {
			return verdict{message: err.Error()}
		}
		return v
	}
}

// agree fails unless both sides say the same, and what is expected.
func agree(theirs, ours verdict, allowed bool) error {
	if theirs != ours || ours.allowed != allowed {
		return fmt.Errorf("the verdicts differ:\nupstream: %+v\ngabion:   %+v", theirs, ours)
	}
	return nil
}
