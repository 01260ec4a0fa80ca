// Package release asks the Pod Security admission of an old Kubernetes release
// about pods. Its programs are built with the code of one release or another,
// each of which has a go.mod of its own (go run -modfile=v1.29.mod ./gated),
// because a build can hold only one version of k8s.io/pod-security-admission.
// They know nothing of Gabion: oracle/pss/upgrade runs them and compares.
package release

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// Evaluator is what every release has.
type Evaluator interface {
	EvaluatePod(lv api.LevelVersion, meta *metav1.ObjectMeta, spec *corev1.PodSpec) []policy.CheckResult
}

// maxMinor is the newest version that is asked about, well past every release.
const maxMinor = 40

// digits write how many checks a pod fails; there are fewer checks than digits.
const digits = "0123456789abcdefghijklmnopqrstuvwxyz"

// Answer reads pods, one JSON object after the other, and writes a line for each:
// two digits for every version from v1.0 to v1.40 and for latest, how many checks
// of baseline and of restricted the pod fails.
func Answer(e Evaluator, in io.Reader, out io.Writer) error {
	d := json.NewDecoder(bufio.NewReader(in))
	w := bufio.NewWriter(out)
	for {
		var pod corev1.Pod
		if err := d.Decode(&pod); errors.Is(err, io.EOF) {
			return w.Flush()
		} else if err != nil {
			return fmt.Errorf("reading a pod: %w", err)
		}
		line := make([]byte, 0, 2*(maxMinor+2)+1)
		for minor := range maxMinor + 1 {
			line = appendFailed(line, e, api.MajorMinorVersion(1, minor), &pod)
		}
		line = append(appendFailed(line, e, api.LatestVersion(), &pod), '\n')
		if _, err := w.Write(line); err != nil {
			return fmt.Errorf("writing the answers: %w", err)
		}
	}
}

func appendFailed(line []byte, e Evaluator, v api.Version, pod *corev1.Pod) []byte {
	for _, level := range []api.Level{api.LevelBaseline, api.LevelRestricted} {
		failed := 0
		for _, result := range e.EvaluatePod(api.LevelVersion{Level: level, Version: v}, &pod.ObjectMeta, &pod.Spec) {
			if !result.Allowed {
				failed++
			}
		}
		line = append(line, digits[failed])
	}
	return line
}
