package preview_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/samples"
)

const (
	numNamespaces = 30
	// maxShapes is how many different pods a namespace has. More of them could
	// make more warnings than the API server sends: it cuts what goes beyond 4,096
	// runes.
	maxShapes = 8
)

// labelValues are values of Pod Security labels, valid and not. The first ones
// stand for no label.
var (
	levelValues   = []string{"", "", "privileged", "baseline", "restricted", "bogus", "Restricted"}
	versionValues = []string{"", "", "latest", "v1.0", "v1.24", "v1.33", "v1.37", "v1.99", "1.25", "v1.01"}
)

// randomLabels makes the labels of a namespace; most are valid.
func randomLabels(r *rand.Rand) map[string]string {
	labels := map[string]string{"team": "a"}
	set := func(key string, values []string) {
		if v := values[r.IntN(len(values))]; v != "" {
			labels["pod-security.kubernetes.io/"+key] = v
		}
	}
	set("enforce", levelValues)
	set("enforce-version", versionValues)
	if r.IntN(3) == 0 {
		set("audit", levelValues)
		set("warn", levelValues)
		set("warn-version", versionValues)
	}
	return labels
}

// reasons are what the generated pods violate: every control of both levels.
var reasons = []string{
	"allowPrivilegeEscalation != false", "forbidden AppArmor profile", "forbidden sysctls", "host namespaces", "hostPath volumes",
	"hostPort", "hostProcess", "non-default capabilities", "privileged", "probe or lifecycle host", "procMount",
	"restricted volume types", "runAsNonRoot != true", "runAsUser=0", "seLinuxOptions", "seccompProfile",
	"unrestricted capabilities",
}

func TestThePreviewOfRandomNamespacesIsWhatKubectlPrintsOfThem(t *testing.T) {
	t.Parallel()
	seed := samples.Seed(t)
	// Without the plugin, namespaces with invalid labels can be made.
	c := newComparison(t, cluster.ForTest(t, cluster.Options{WithoutPodSecurity: true}))
	manifests := t.TempDir()
	p := populator{comparison: c, Rand: rand.New(rand.NewPCG(seed, 0)), manifests: manifests}
	refused := 0
	for i := range numNamespaces {
		labels := randomLabels(p.Rand)
		if i < 2 { // a change of one of two invalid labels is denied; kubectl words a single denial otherwise
			labels["pod-security.kubernetes.io/enforce"], labels["pod-security.kubernetes.io/audit"] = "bogus", "bogus"
		}
		refused += len(p.populate(t, fmt.Sprintf("ns-%d", i), labels, p.random()))
	}
	// What chance may leave out: of every control a pod that violates it, where labels are valid.
	for pods := range slices.Chunk(samples.Each(), maxShapes) {
		for _, err := range p.populate(t, fmt.Sprintf("each-%d", p.created), nil, pods) {
			t.Errorf("a pod with one change: %v", err)
		}
	}
	t.Logf("%d pods; the API server refused %d more as invalid", p.created, refused)
	if err := c.plane.Reconfigure(t.Context(), func(o *cluster.Options) { o.WithoutPodSecurity = false }); err != nil {
		t.Fatal(err)
	}
	if err := c.plane.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.export(t, filepath.Join(manifests, "namespaces.yaml"), "namespaces")
	exported := filepath.Join(t.TempDir(), "cluster.yaml")
	c.export(t, exported, "namespaces,pods")
	var said strings.Builder
	for _, policy := range policies {
		said.WriteString(c.compare(t, policy, []string{exported}, []string{manifests}))
	}
	for _, reason := range reasons {
		if !strings.Contains(said.String(), reason) {
			t.Errorf("no pod violates a policy by %q: the comparison says nothing about it", reason)
		}
	}
}

// populator fills a cluster, and a folder with the same in manifests.
type populator struct {
	comparison
	*rand.Rand
	manifests string
	// shapes counts the random pods that differ, created all pods.
	shapes, created int
}

// random makes the different pods of a namespace.
func (p *populator) random() (shapes []*corev1.Pod) {
	for range 1 + p.IntN(maxShapes) {
		shapes = append(shapes, samples.Random(p.Rand, p.shapes))
		p.shapes++
	}
	return shapes
}

// populate makes a namespace with some pods of each shape, and their manifests.
// It returns why the API server does not accept some of the shapes.
func (p *populator) populate(t *testing.T, namespace string, labels map[string]string, shapes []*corev1.Pod) (refused []error) {
	t.Helper()
	client := p.plane.Client().CoreV1()
	_, err := client.Namespaces().Create(t.Context(),
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace, Labels: labels}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var manifest bytes.Buffer
	encoder := json.NewEncoder(&manifest)
	for shape, pod := range shapes {
		pod.Namespace = namespace
		for replica := range 1 + p.IntN(4) {
			// kubectl prints a warning once only, even if two namespaces have it: the
			// names of pods differ between them.
			pod.Name = fmt.Sprintf("%s-%c-%d", namespace, 'a'+rune(p.IntN(26)), shape*10+replica)
			_, err := client.Pods(namespace).Create(t.Context(), pod, metav1.CreateOptions{})
			if apierrors.IsInvalid(err) {
				refused = append(refused, err)
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			p.created++
			if err := encoder.Encode(pod); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(p.manifests, namespace+".json"), manifest.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return refused
}
