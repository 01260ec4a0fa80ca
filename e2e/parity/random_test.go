package parity_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/gabion-security/gabion/e2e/samples"
)

const numNamespaces = 10

// playRandomly plays so many random requests, and more, up to four times as
// many, if one of the classes has not occurred yet.
func playRandomly(t *testing.T, p *player, seed uint64, requests int) {
	t.Helper()
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0)), pods: map[string][]storedPod{}, labels: map[string]map[string]string{}}
	for i := 0; i < requests || i < 4*requests && len(p.tally.missing(p.lacks)) > 0; i++ {
		r, done := g.next()
		plugin, diff, err := p.play(t.Context(), r)
		if err == nil && (plugin.Code == http.StatusBadRequest || plugin.Code >= http.StatusInternalServerError) {
			err = fmt.Errorf("the plugin's side says %v", plugin)
		}
		if err != nil || diff != "" {
			t.Fatalf("GABION_SEED=%d: request %d, %v\n%v\nplugin (-) and Gabion (+):\n%s", seed, i, r, err, diff)
		}
		if plugin.Code < http.StatusBadRequest && !r.isDry() && done != nil {
			done()
		}
	}
	p.tally.check(t, p.lacks)
}

// generator makes random requests, and remembers what they led to.
type generator struct {
	*rand.Rand

	made   int                          // objects
	labels map[string]map[string]string // of the namespaces that exist
	pods   map[string][]storedPod       // their pods
}

// storedPod is a pod that exists, and the odd text in it.
type storedPod struct {
	name string
	odd  odd
}

func pick[T any](g *generator, values ...T) T { return values[g.IntN(len(values))] }

// one reports whether one of n times has come.
func (g *generator) one(n int) bool { return g.IntN(n) == 0 }

// next makes a request; done is to be called if it succeeds.
func (g *generator) next() (r *request, done func()) {
	if n := len(g.labels); n < numNamespaces && g.one(2) || n == 0 {
		r, done = g.newNamespace()
	} else {
		switch n := g.IntN(20); {
		case n < 4:
			r, done = g.relabel()
		case n < 8:
			r, done = g.newPod()
		case n < 12:
			r, done = g.changePod()
		default:
			r, done = g.workload()
		}
	}
	if g.one(8) {
		r.by(exemptUser)
	}
	return r, done
}

// namespace returns the name of a namespace.
func (g *generator) namespace() string { return pick(g, slices.Sorted(maps.Keys(g.labels))...) }

func (g *generator) newNamespace() (*request, func()) {
	name := fmt.Sprintf("random-%d", len(g.labels))
	if len(g.labels) == 1 {
		name = randomlyExempt
	}
	labels := g.someLabels()
	return create("namespaces", "", labelled(name, labels)), func() { g.labels[name] = labels }
}

// relabel replaces a namespace, with labels that are new or a part of the old.
func (g *generator) relabel() (*request, func()) {
	name := g.namespace()
	old := g.labels[name]
	labels := g.someLabels()
	switch g.IntN(4) {
	case 0: // perhaps a repair
		labels = maps.Clone(old)
		for _, key := range slices.Sorted(maps.Keys(old)) {
			switch g.IntN(5) {
			case 0:
				labels[key] = pick(g, "restricted", "baseline", "latest", "v1.30")
			case 1:
				delete(labels, key)
			}
		}
	case 1:
		labels = maps.Clone(old)
		labels[pluginPrefix+"enforce"] = g.level(10)
	}
	done := func() { g.labels[name] = labels }
	if g.one(8) { // the only way to invalid labels
		labels[pluginPrefix+pick(g, "enforce", "enforce", "audit", "warn", "warn-version")] = pick(g, "nonsense", "Baseline", "v0")
		return put(labelled(name, labels), "status"), done
	}
	r := put(labelled(name, labels))
	r.repair = isBroken(old) && isBroken(labels) && !maps.Equal(old, labels)
	if g.one(2) {
		r.dry()
	}
	return r, done
}

// isBroken reports whether one of the invalid values of relabel is among labels.
func isBroken(labels map[string]string) bool {
	for _, value := range labels {
		if value == "nonsense" || value == "Baseline" || value == "v0" {
			return true
		}
	}
	return false
}

func labelled(name string, labels map[string]string) *corev1.Namespace {
	ns := namespace(name)
	ns.Labels = labels
	return ns
}

// someLabels makes the labels of a namespace. Most are valid.
func (g *generator) someLabels() map[string]string {
	labels := map[string]string{"team": pick(g, "a", "b")}
	if g.one(10) { // fully privileged
		for _, mode := range []string{"enforce", "audit", "warn"} {
			labels[pluginPrefix+mode] = "privileged"
		}
		return labels
	}
	for _, mode := range []string{"enforce", "audit", "warn"} {
		if !g.one(3) {
			labels[pluginPrefix+mode] = g.level(20)
		}
		if g.one(3) {
			labels[pluginPrefix+mode+"-version"] = pick(g, "latest", "latest", fmt.Sprintf("v1.%d", g.IntN(38)), "v1.99")
		}
		if g.one(40) {
			labels[pluginPrefix+mode+"-version"] = pick(g, "", "1.25", "v1.01", "v2")
		}
	}
	return labels
}

// level makes a level, which is invalid once in n times.
func (g *generator) level(n int) string {
	if g.one(n) {
		return pick(g, "", "nonsense", "Restricted")
	}
	return pick(g, "privileged", "baseline", "restricted", "restricted")
}

// pod makes a pod, and says what odd text is in it.
func (g *generator) pod() (*corev1.Pod, odd) {
	g.made++
	p := samples.Random(g.Rand, g.made)
	p.Name = fmt.Sprintf("%s%d", pick(g, "p-", "x.", "0-a.b-", strings.Repeat("n", 100)), g.made)
	if g.one(2) {
		sized(p)
	}
	if g.one(8) {
		p.Spec.RuntimeClassName = new(pick(g, exemptClass, exemptClass, judgedClass))
	}
	if g.one(15) && p.Spec.SecurityContext != nil && p.Spec.OS == nil {
		o := pick(g, quoted, long)
		typed(o.raw)(p)
		return p, o
	}
	return p, odd{}
}

func (g *generator) newPod() (*request, func()) {
	ns := g.namespace()
	p, o := g.pod()
	if g.one(8) { // if they stayed, the names would differ
		p.GenerateName, p.Name = p.Name+"-", ""
		return create("pods", ns, p).with(o).dry(), nil
	}
	r := create("pods", ns, p).with(o)
	if g.one(4) {
		r.dry()
	}
	return r, func() { g.pods[ns] = append(g.pods[ns], storedPod{p.Name, o}) }
}

// changePod updates or deletes a pod.
func (g *generator) changePod() (*request, func()) {
	ns := g.namespace()
	if len(g.pods[ns]) == 0 {
		return g.newPod()
	}
	at := g.IntN(len(g.pods[ns]))
	name := g.pods[ns][at].name
	g.made++
	update := func(name, body string) *request { return patch("pods", ns, name, strategic, body) }
	image := func(kind, container string) *request {
		return update(name, fmt.Sprintf(`{"spec":{%q:[{"name":%q,"image":"other-%d"}]}}`, kind, container, g.made))
	}
	var r *request
	switch g.IntN(9) {
	case 0, 1:
		r = image("containers", "main")
	case 2:
		r = image("initContainers", "init")
	case 3, 4:
		r = update(name+"/ephemeralcontainers",
			debugger(fmt.Sprintf("debug-%d", g.made), pick(g, "{}", `{"privileged":true}`, compliantContext, compliantContext)))
	case 5:
		r = update(name, fmt.Sprintf(`{"metadata":{"annotations":{"a":"%d"}}}`, g.made)).insignificant()
	case 6:
		r = update(name+"/resize", fmt.Sprintf(`{"spec":{"containers":[{"name":"main","resources":{"requests":{"cpu":"%d"}}}]}}`, g.made)).insignificant()
	case 7:
		r = update(name+"/status", fmt.Sprintf(`{"status":{"message":"%d"}}`, g.made))
	case 8:
		return remove("pods", ns, name), func() { g.pods[ns] = slices.Delete(g.pods[ns], at, at+1) }
	}
	if g.one(4) {
		r.dry()
	}
	return r.with(g.pods[ns][at].odd), nil
}

func (g *generator) workload() (*request, func()) {
	kind := pick(g, workloads...)
	p, o := g.pod()
	name := p.Name
	if !g.one(4) {
		name = fmt.Sprintf("w-%d", g.made) // a StatefulSet takes no other
	}
	r := create(kind, g.namespace(), workload(kind, name, p)).with(o)
	if g.one(2) {
		r.dry()
	}
	return r, nil
}
