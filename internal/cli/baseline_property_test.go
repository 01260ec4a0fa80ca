package cli

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/internal/report"
)

// madePod is what the property test knows of a pod, and what is wrong with it.
type madePod struct {
	kind, name string
	hostPID    bool
	paths      map[string]string // hostPath volumes by name
	containers []madeContainer
}

type madeContainer struct {
	name       string
	privileged bool
	hostPort   int
}

// world makes pods, of few names, so that some are named alike.
type world struct {
	*rand.Rand

	fresh int
}

func (w *world) chance() bool { return w.IntN(2) == 0 }

// name is one that nothing else has.
func (w *world) name() string {
	w.fresh++
	return "fresh-" + strconv.Itoa(w.fresh)
}

func (w *world) pods() []madePod {
	var all []madePod
	for range 1 + w.IntN(5) {
		p := madePod{
			kind: []string{"Pod", "Deployment", "CronJob"}[w.IntN(3)], name: []string{"a", "b", ""}[w.IntN(3)],
			hostPID: w.chance(), paths: map[string]string{},
		}
		for i := range w.IntN(3) {
			p.paths["v"+strconv.Itoa(i)] = "/var/" + strconv.Itoa(w.IntN(2))
		}
		for i := range 1 + w.IntN(3) {
			p.containers = append(p.containers, madeContainer{"c" + strconv.Itoa(i), w.chance(), 80 * w.IntN(2)})
		}
		all = append(all, p)
	}
	return all
}

// findings is how much is wrong with a pod by the baseline level.
func (p *madePod) findings() int {
	n := len(p.paths)
	if p.hostPID {
		n++
	}
	for _, c := range p.containers {
		if c.privileged {
			n++
		}
		if c.hostPort > 0 {
			n++
		}
	}
	return n
}

// manifest writes a pod, with its lists in some order.
func (w *world) manifest(p *madePod) string {
	var containers, volumes []any
	for _, i := range w.Perm(len(p.containers)) {
		c := p.containers[i]
		made := map[string]any{"name": c.name, "securityContext": map[string]any{"privileged": c.privileged}}
		if c.hostPort > 0 {
			made["ports"] = []any{map[string]any{"containerPort": c.hostPort, "hostPort": c.hostPort}}
		}
		containers = append(containers, made)
	}
	for name, path := range p.paths { // a map has no order either
		volumes = append(volumes, map[string]any{"name": name, "hostPath": map[string]any{"path": path}})
	}
	if w.chance() {
		volumes = append([]any{map[string]any{"name": "other", "emptyDir": map[string]any{}}}, volumes...)
	}
	var spec any = map[string]any{"hostPID": p.hostPID, "containers": containers, "volumes": volumes}
	apiVersion := "v1"
	switch p.kind {
	case "Deployment":
		apiVersion, spec = "apps/v1", map[string]any{"template": map[string]any{"spec": spec}}
	case "CronJob":
		apiVersion = "batch/v1"
		template := map[string]any{"spec": map[string]any{"template": map[string]any{"spec": spec}}}
		spec = map[string]any{"schedule": "@daily", "jobTemplate": template}
	}
	o := map[string]any{"apiVersion": apiVersion, "kind": p.kind, "metadata": map[string]any{"name": p.name}, "spec": spec}
	text, _ := json.Marshal(o) // it is made of nothing that has no JSON
	if w.chance() {
		text, _ = json.MarshalIndent(o, "", "  ")
	}
	return strings.Repeat("# a comment\n", w.IntN(3)) + string(text)
}

// files writes pods into a new directory, in some order and over some files.
func (w *world) files(t *testing.T, pods []madePod) string {
	t.Helper()
	dir := t.TempDir()
	texts := make([]string, 1+w.IntN(3))
	for _, i := range w.Perm(len(pods)) {
		n := w.IntN(len(texts))
		texts[n] += "---\n" + w.manifest(&pods[i]) + "\n"
	}
	for i, text := range texts {
		name := fmt.Sprintf("%d-%d.yaml", w.IntN(100), i)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// compare checks a directory with a baseline.
func compare(t *testing.T, dir string, args ...string) (int, report.Summary) {
	t.Helper()
	s, out, stderr := system(append([]string{"check", "--level=baseline", "-o", "json", "--config=none", dir}, args...)...)
	code := Main(s)
	var r struct{ Summary report.Summary }
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("%v: %s%s", err, out, stderr)
	}
	return code, r.Summary
}

// worsen makes one thing worse, and says what.
func (w *world) worsen(pods []madePod) ([]madePod, string) {
	p := &pods[w.IntN(len(pods))]
	c := &p.containers[w.IntN(len(p.containers))]
	bad := p.findings() > 0
	switch n := w.IntN(7); {
	case n == 0 && !p.hostPID:
		p.hostPID = true
		return pods, "hostPID"
	case n == 1 && !c.privileged:
		c.privileged = true
		return pods, "a privileged container"
	case n == 2:
		c.hostPort = 81
		return pods, "another port"
	case n == 3 && len(p.paths) > 0:
		for name := range p.paths {
			p.paths[name] = "/"
		}
		return pods, "another path of the node"
	case n == 4 && bad:
		return append(pods, *p), "one more of the same"
	case n == 5 && bad:
		p.name = w.name()
		return pods, "another name"
	case n == 6 && (c.privileged || c.hostPort > 0):
		c.name = w.name()
		return pods, "another container's name"
	}
	p.paths[w.name()] = "/etc"
	return pods, "one more path of the node"
}

func TestABaselineKnowsWhatWasThereHoweverItMoves(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		w := &world{Rand: rand.New(rand.NewPCG(seed, 7))}
		pods := w.pods()
		known := filepath.Join(t.TempDir(), "known.yaml")
		all := 0
		for i := range pods {
			all += pods[i].findings()
		}
		if code, s := compare(t, w.files(t, pods), "--write-baseline="+known); code != 0 || s.Known != all {
			t.Fatalf("seed %d: exit code %d, %d findings are known, want %d", seed, code, s.Known, all)
		}
		if code, s := compare(t, w.files(t, pods), "--baseline="+known); code != 0 || s.Known != all || len(s.Fixed)+s.Gone > 0 {
			t.Fatalf("seed %d: moved: exit code %d, %+v, want %d known", seed, code, s, all)
		}
		worse, what := w.worsen(pods)
		if code, s := compare(t, w.files(t, worse), "--baseline="+known); code != 1 || s.Violating == 0 {
			t.Fatalf("seed %d: %s: exit code %d, %+v", seed, what, code, s)
		}
	}
}

func TestWhatIsFixedLeavesTheBaseline(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		w := &world{Rand: rand.New(rand.NewPCG(seed, 8))}
		pods := w.pods()
		known := filepath.Join(t.TempDir(), "known.yaml")
		compare(t, w.files(t, pods), "--write-baseline="+known)
		left, fixed := 0, 0
		for i := range pods {
			p := &pods[i]
			if before := p.findings(); w.chance() {
				p.hostPID, p.paths = false, nil
				for j := range p.containers {
					p.containers[j].privileged = false
				}
				fixed += before - p.findings()
			}
			left += p.findings()
		}
		dir := w.files(t, pods)
		code, s := compare(t, dir, "--baseline="+known, "--write-baseline="+known)
		if code != 0 || s.Known != left || len(s.Fixed) != fixed || s.Gone != 0 {
			t.Fatalf("seed %d: exit code %d, %+v, want %d known and %d fixed", seed, code, s, left, fixed)
		}
		if code, s := compare(t, dir, "--baseline="+known); code != 0 || s.Known != left || len(s.Fixed) != 0 {
			t.Fatalf("seed %d: then: exit code %d, %+v", seed, code, s)
		}
	}
}
