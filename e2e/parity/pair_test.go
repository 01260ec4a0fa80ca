package parity_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/serve"
)

// What is exempt beside exemptUser.
const (
	exemptNamespace = "exempt"
	randomlyExempt  = "exempt-at-random" // another
	exemptClass     = "sandbox"
	judgedClass     = "plain"
)

// configuration is that of both: the API server's file is Gabion's too.
const configuration = `apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
- name: PodSecurity
  configuration:
    apiVersion: pod-security.admission.config.k8s.io/v1
    kind: PodSecurityConfiguration
    defaults: {enforce: baseline, enforce-version: v1.30, audit: restricted, audit-version: v1.18, warn: restricted, warn-version: v1.30}
    exemptions: {usernames: ["` + exemptUser + `"], namespaces: [` + exemptNamespace + `, ` + randomlyExempt + `], runtimeClasses: [` + exemptClass + `]}
`

// pair is the two API servers.
type pair struct {
	plugin, gabion *side

	asked atomic.Int64
	mu    sync.Mutex // only one waits at a time
	marks int64
}

// newPair starts both for a test, with the programs and the emulated version that
// the options name.
func newPair(t *testing.T, options cluster.Options) *pair {
	t.Helper()
	options.AuditPolicy = cluster.AuditMetadata
	options.Users = []cluster.User{
		{Name: ordinaryUser, Groups: []string{"system:masters"}}, {Name: exemptUser, Groups: []string{"system:masters"}},
	}
	without := options
	without.WithoutPodSecurity = true
	options.AdmissionConfiguration = configuration
	plugin, gabion := cluster.ForTest(t, options), cluster.ForTest(t, without)

	file := filepath.Join(t.TempDir(), "admission.yaml")
	if err := os.WriteFile(file, []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	serve.Start(t, gabion, program, "gabion", gabion.Kubeconfig(),
		append(serve.Credentials(t, t.TempDir()), "--register", "--config="+file)...)

	p := &pair{}
	for _, s := range []struct {
		side **side
		of   *cluster.Cluster
	}{{&p.plugin, plugin}, {&p.gabion, gabion}} {
		var err error
		if *s.side, err = newSide(s.of); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(p.both(t.Context(), prepare), p.heardOfNamespaces(t.Context())); err != nil {
		t.Fatal(err)
	}
	return p
}

// prepare makes what requests refer to. Settle needs a namespace in which
// nothing is enforced, whatever the defaults are.
func prepare(ctx context.Context, s *side) error {
	client := s.plane.Client()
	for _, class := range []string{exemptClass, judgedClass} {
		_, err := client.NodeV1().RuntimeClasses().Create(ctx,
			&nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: class}, Handler: class}, metav1.CreateOptions{})
		if err != nil {
			return fmt.Errorf("making a runtime class: %w", err)
		}
	}
	_, err := client.CoreV1().Namespaces().Create(ctx, namespace(markNamespace, "audit", "privileged", "warn", "privileged"), metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("making the namespace of the marks: %w", err)
	}
	_, err = client.CoreV1().Namespaces().Patch(ctx, "kube-node-lease", types.MergePatchType,
		[]byte(labelPatch("enforce", "privileged", "audit", "privileged", "warn", "privileged")), metav1.PatchOptions{})
	if err != nil {
		return fmt.Errorf("labelling the namespace that Settle uses: %w", err)
	}
	return nil
}

// both does something with both at the same time.
func (p *pair) both(ctx context.Context, do func(context.Context, *side) error) error {
	var errs [2]error
	var wg sync.WaitGroup
	for i, s := range [2]*side{p.plugin, p.gabion} {
		wg.Go(func() { errs[i] = do(ctx, s) })
	}
	wg.Wait()
	return errors.Join(errs[:]...)
}

// ask sends a request to both.
func (p *pair) ask(ctx context.Context, r *request) (plugin, gabion answer, err error) {
	return p.askEach(ctx, r, r)
}

// askEach sends each a request.
func (p *pair) askEach(ctx context.Context, toPlugin, toGabion *request) (plugin, gabion answer, err error) {
	id := fmt.Sprint(auditPrefix, p.asked.Add(1))
	err = p.both(ctx, func(ctx context.Context, s *side) (err error) {
		if s == p.plugin {
			plugin, err = s.ask(ctx, id, toPlugin)
		} else {
			gabion, err = s.ask(ctx, id, toGabion)
		}
		return err
	})
	return plugin, gabion, err
}

// heardOfNamespaces waits until both judge by the namespaces as they are now.
func (p *pair) heardOfNamespaces(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.marks++
	return p.both(ctx, func(ctx context.Context, s *side) error { return s.mark(ctx, p.marks) })
}

// heardOfPods waits until both know the pods that exist now.
func (p *pair) heardOfPods(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.both(ctx, func(ctx context.Context, s *side) error { return s.plane.Settle(ctx) })
}
