// Package generate makes random Kubernetes objects with pods in them: every
// field that Pod Security admission reads, and many that it must ignore, with
// ordinary, wrong and odd values. Equal seeds make equal objects.
package generate

import (
	"math/rand/v2"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Generator makes random objects. It is not safe for use by several goroutines.
type Generator struct {
	*rand.Rand
	mood mood
	// invalidUTF8 lets strings hold bytes that no JSON document can carry.
	invalidUTF8 bool
	// appArmorProne makes AppArmor annotations of containers likely.
	appArmorProne bool
}

// New returns the generator of the nth object of a seed, so that one object can
// be made again without those before it. Its strings are valid UTF-8.
func New(seed, n uint64) *Generator {
	return &Generator{Rand: rand.New(rand.NewPCG(seed, n))} //nolint:gosec // repeatable on purpose
}

// WithInvalidUTF8 lets the generator's strings hold bytes that are not UTF-8.
func (g *Generator) WithInvalidUTF8() *Generator {
	g.invalidUTF8 = true
	return g
}

// AppArmorProne makes the generator give many pods AppArmor annotations.
func (g *Generator) AppArmorProne() *Generator {
	g.appArmorProne = true
	return g
}

// mood says how a pod relates to the standard.
type mood int

const (
	restricted mood = iota // keeps to restricted
	baseline               // keeps to baseline
	slip                   // keeps to restricted, with a slip here and there
	wild                   // anything goes
)

// newMood chooses how the next pod relates to the standard.
func (g *Generator) newMood() {
	switch n := g.IntN(100); {
	case n < 24:
		g.mood = restricted
	case n < 36:
		g.mood = baseline
	case n < 72:
		g.mood = slip
	default:
		g.mood = wild
	}
}

// Pod makes a pod.
func (g *Generator) Pod() *corev1.Pod {
	t := g.Template()
	pod := &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: t.ObjectMeta,
		Spec:       t.Spec,
	}
	pod.Name, pod.Namespace = "p", "default"
	return pod
}

// Template makes a pod template.
func (g *Generator) Template() corev1.PodTemplateSpec {
	g.newMood()
	var t corev1.PodTemplateSpec
	t.Spec = g.podSpec()
	t.Labels = map[string]string{"app": "a"}
	t.Annotations = g.annotations(&t.Spec)
	return t
}

// violatesBaseline decides whether a setting goes against the baseline level.
func (g *Generator) violatesBaseline() bool {
	switch g.mood {
	case slip:
		return g.chance(1)
	case wild:
		return g.chance(12)
	case restricted, baseline:
	}
	return false
}

// violatesRestricted decides whether a setting goes against the restricted
// level, but not against baseline.
func (g *Generator) violatesRestricted() bool {
	switch g.mood {
	case baseline:
		return g.chance(25)
	case slip:
		return g.chance(3)
	case wild:
		return g.chance(35)
	case restricted:
	}
	return false
}

// chance is true in so many cases of a hundred.
func (g *Generator) chance(percent int) bool { return g.IntN(100) < percent }

// pick chooses one of the values.
func pick[T any](g *Generator, values ...T) T { return values[g.IntN(len(values))] }

// optional returns nil or a pointer to one of the values.
func optional[T any](g *Generator, values ...T) *T {
	if g.chance(50) {
		return nil
	}
	v := pick(g, values...)
	return &v
}

func pointer[T any](v T) *T { return &v }
