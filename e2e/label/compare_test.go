package label_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// labelReport is what the test reads of the JSON of `gabion label`.
type labelReport struct {
	Namespaces []struct {
		Namespace string
		Outcome   string
		Blockers  []struct {
			Object     struct{ Kind, Name string }
			Pods       int
			Violations []struct{ Reason string }
		}
		Warnings []string
	}
}

// group is a line of the API server about pods that violate the same.
var group = regexp.MustCompile(`^(\S+?)(?: \(and (\d+) other pods?\))?: (.*)$`)

// warned counts the pods that the API server warns of by what they violate.
func warned(t *testing.T, warnings []string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, w := range warnings {
		if strings.HasPrefix(w, "existing pods in namespace") {
			continue
		}
		m := group.FindStringSubmatch(w)
		if m == nil {
			t.Fatalf("the API server warns of something else: %q", w)
		}
		others, _ := strconv.Atoi(m[2]) // none is 0
		counts[m[3]] += 1 + others
	}
	return counts
}

// randomPod returns a pod that restricted forbids for some reason or other.
func randomPod(r *rand.Rand, name string) *corev1.Pod {
	yes, no := true, false
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}}
	p.Spec.HostPID, p.Spec.HostNetwork = r.IntN(5) == 0, r.IntN(5) == 0
	c := corev1.Container{Name: "c", Image: "i", SecurityContext: &corev1.SecurityContext{}}
	if r.IntN(2) == 0 {
		c.SecurityContext.AllowPrivilegeEscalation = &no
		c.SecurityContext.Capabilities = &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}
	}
	if r.IntN(2) == 0 {
		c.SecurityContext.RunAsNonRoot = &yes
		p.Spec.SecurityContext = &corev1.PodSecurityContext{SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}}
	}
	if r.IntN(4) == 0 {
		p.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}}}
	}
	p.Spec.Containers = []corev1.Container{c}
	return p
}

func TestWhatIsInTheWayIsWhatTheAPIServerWarnsOf(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	var names []string
	for i := range 30 {
		name := fmt.Sprintf("random-%02d", i)
		names = append(names, name)
		makeNamespace(t, name)
		for j := range r.IntN(5) {
			_, err := plane.Client().CoreV1().Pods(name).Create(t.Context(), randomPod(r, fmt.Sprintf("p%d", j)), metav1.CreateOptions{})
			must(t, err)
		}
	}
	must(t, plane.Settle(t.Context()))
	seen := 0
	for _, level := range []string{"baseline", "restricted:v1.20", "restricted:latest"} {
		out := newOperator(t).label(append([]string{"--enforce=" + level, "--force", "--dry-run=server", "-o", "json"}, names...)...).exits(0).stdout
		var got labelReport
		must(t, json.Unmarshal([]byte(out), &got))
		if len(got.Namespaces) != len(names) {
			t.Fatalf("%d namespaces are in the report", len(got.Namespaces))
		}
		for _, n := range got.Namespaces {
			judged := map[string]int{}
			for _, b := range n.Blockers {
				var reasons []string
				for _, v := range b.Violations {
					reasons = append(reasons, v.Reason)
				}
				judged[strings.Join(reasons, ", ")] += b.Pods
			}
			seen += len(judged)
			if diff := cmp.Diff(warned(t, n.Warnings), judged); diff != "" {
				t.Errorf("seed %d: %s at %s (-API server +gabion):\n%s", seed, n.Namespace, level, diff)
			}
		}
	}
	if seen == 0 {
		t.Errorf("seed %d: nothing was in the way anywhere", seed)
	}
}
