package serve_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/serve"
)

// Schemas of the field spec.
const (
	openSchema = `{"type":"object","x-kubernetes-preserve-unknown-fields":true}`
	noPods     = `{"type":"object","properties":{"text":{"type":"string"}}}`
	aPod       = `{"type":"object","properties":{"metadata":{"type":"object"},"spec":{"type":"object","properties":{"hostPID":{"type":"boolean"},` +
		`"containers":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"},"image":{"type":"string"}}}}}}}}`
	twoPods = `{"type":"object","properties":{"left":` + aPod + `,"right":` + aPod + `}}`
)

// definitionOf returns a CustomResourceDefinition of plural.group, in JSON.
func definitionOf(plural, group, kind, spec string) string {
	return `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"` + plural + "." + group + `",` +
		`"annotations":{"api-approved.kubernetes.io":"unapproved, a test"}},"spec":{"group":"` + group + `","scope":"Namespaced",` +
		`"names":{"plural":"` + plural + `","kind":"` + kind + `"},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":` +
		`{"type":"object","properties":{"spec":` + spec + `}}}},{"name":"v0","served":false,"storage":false,"schema":{"openAPIV3Schema":{"type":"object"}}}]}}`
}

const hostTemplate = `{"spec":{"hostPID":true,"containers":[{"name":"c","image":"i"}]}}`

// kubectl runs kubectl to its end and returns all that it says.
func kubectl(t *testing.T, c *cluster.Cluster, stdin string, args ...string) (string, error) {
	t.Helper()
	cmd := c.Kubectl(t.Context(), args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func mustKubectl(t *testing.T, c *cluster.Cluster, stdin string, args ...string) {
	t.Helper()
	if out, err := kubectl(t, c, stdin, args...); err != nil {
		t.Fatalf("kubectl %q: %v\n%s", args, err, out)
	}
}

// customRules are the rules for custom resources, such as "rollouts.argoproj.io/v1".
func customRules(c *admissionregistrationv1.ValidatingWebhookConfiguration) []string {
	found := []string{}
	for i := range c.Webhooks {
		for _, r := range c.Webhooks[i].Rules {
			if group := r.APIGroups[0]; strings.Contains(group, ".") {
				for _, resource := range r.Resources {
					found = append(found, c.Webhooks[i].Name[:len("advisory")]+" "+resource+"."+group+"/"+strings.Join(r.APIVersions, ","))
				}
			}
		}
	}
	return found
}

// registers waits until these custom resources are registered, and no others.
func registers(t *testing.T, c *cluster.Cluster, want ...string) {
	t.Helper()
	eventually(t, 20*time.Second, "the rules", func() string {
		found, err := c.Client().AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(t.Context(), "gabion", metav1.GetOptions{})
		if err != nil {
			return err.Error()
		}
		if got := customRules(found); !slices.Equal(got, want) {
			return fmt.Sprintf("%q, want %q", got, want)
		}
		return ""
	})
}

// says waits until a text stands in what f returns.
func says(t *testing.T, want string, f func() (string, error)) {
	t.Helper()
	eventually(t, 20*time.Second, want, func() string {
		got, err := f()
		if err == nil && strings.Contains(got, want) {
			return ""
		}
		return fmt.Sprintf("%v: %s", err, got)
	})
}

// TestCustomResourcesAreJudgedAsTheirDefinitionsComeAndGo follows one cluster. The
// steps build on each other.
func TestCustomResourcesAreJudgedAsTheirDefinitionsComeAndGo(t *testing.T) {
	t.Parallel()
	c := cluster.ForTest(t, cluster.Options{
		WithoutPodSecurity: true, AuditPolicy: cluster.AuditMetadata,
		Users: []cluster.User{{Name: serviceAccount, Groups: []string{"system:serviceaccounts"}}},
	})
	installed(t, c)
	kubeconfig, err := c.KubeconfigOf(serviceAccount)
	if err != nil {
		t.Fatal(err)
	}
	makeNamespace(t, c, "shop", "baseline")
	mustKubectl(t, c, "", "label", "namespace", "shop", "pod-security.kubernetes.io/audit=baseline")
	s := serve.Start(t, c, gabion, "gabion", kubeconfig, append(serve.Credentials(t, t.TempDir()), "--register")...)
	enforced(t, c, "shop")
	const rollouts, sets = "advisory rollouts.argoproj.io/v1", "advisory sets.example.com/v1"
	registers(t, c)

	definitions := definitionOf("rollouts", "argoproj.io", "Rollout", openSchema) + definitionOf("sets", "example.com", "Set", twoPods) +
		definitionOf("shells", "example.com", "Shell", openSchema) + definitionOf("notes", "example.com", "Note", noPods)
	mustKubectl(t, c, definitions, "create", "-f", "-")
	registers(t, c, rollouts, sets)
	log := func() (string, error) { text, err := os.ReadFile(s.Log); return string(text), err }
	metrics := func() (string, error) { return s.Get(t.Context(), "/metrics") }
	says(t, "shells.example.com (its schema lets anything stand somewhere)", log)
	says(t, `gabion_custom_resources{judged="true"} 2`, metrics)
	says(t, `gabion_custom_resources{judged="false"} 1`, metrics)
	warnsOfCustomResources(t, c)

	// A rule that somebody removes comes back.
	api := c.Client().AdmissionregistrationV1().ValidatingWebhookConfigurations()
	patch := `[{"op":"remove","path":"/webhooks/2/rules/3"}]`
	if _, err := api.Patch(t.Context(), "gabion", types.JSONPatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	registers(t, c, rollouts, sets)
	says(t, "gabion_registration_repairs_total 1\n", metrics)

	mustKubectl(t, c, "", "delete", "crd", "sets.example.com")
	registers(t, c, rollouts)
	says(t, `gabion_custom_resources{judged="true"} 1`, metrics)
	staysWithoutTheRight(t, c, s, rollouts)
}

// warnsOfCustomResources makes objects whose pods violate baseline.
func warnsOfCustomResources(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	audit := c.AuditLog()
	for _, tt := range []struct{ name, object, detail string }{
		{
			"one template, in the API server's words",
			`{"apiVersion":"argoproj.io/v1","kind":"Rollout","metadata":{"name":"one","namespace":"shop"},"spec":{"template":` + hostTemplate + `}}`,
			"host namespaces (hostPID=true)",
		},
		{
			"several, named by their paths",
			`{"apiVersion":"example.com/v1","kind":"Set","metadata":{"name":"two","namespace":"shop"},"spec":{"left":` + hostTemplate +
				`,"right":{"spec":{"containers":[{"name":"c","image":"i"}]}}}}`,
			"spec.left: host namespaces (hostPID=true)",
		},
	} {
		want := `would violate PodSecurity "baseline:latest": ` + tt.detail
		says(t, "Warning: "+want+"\n", func() (string, error) {
			return kubectl(t, c, tt.object, "create", "--dry-run=server", "-f", "-") // until the rule is known
		})
		if _, err := audit.Next(); err != nil {
			t.Fatal(err)
		}
		out, err := kubectl(t, c, tt.object, "create", "-f", "-")
		if err != nil || !strings.HasPrefix(out, "Warning: "+want+"\n") {
			t.Errorf("%s: %v\n%s", tt.name, err, out)
		}
		says(t, want, func() (string, error) {
			events, err := audit.Next()
			var annotations strings.Builder
			for i := range events {
				annotations.WriteString(events[i].Annotations["advisory.pod-security.gabion.io/audit-violations"])
			}
			return annotations.String(), err
		})
	}
}

// staysWithoutTheRight takes the right to list definitions away: whatever is
// registered stays, also over a start.
func staysWithoutTheRight(t *testing.T, c *cluster.Cluster, s *serve.Server, want string) {
	t.Helper()
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	role, err := c.Client().RbacV1().ClusterRoles().Get(t.Context(), "gabion", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range role.Rules {
		if role.Rules[i].APIGroups[0] == "apiextensions.k8s.io" {
			role.Rules[i].Verbs = []string{"none"}
		}
	}
	if _, err := c.Client().RbacV1().ClusterRoles().Update(t.Context(), role, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second) // the authorizer learns of it by a watch
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	const refused = "customresourcedefinitions cannot be followed, what is known of custom resources stays"
	says(t, refused, func() (string, error) { text, err := os.ReadFile(s.Log); return string(text), err })
	time.Sleep(3 * time.Second)
	text, err := os.ReadFile(s.Log)
	if n := bytes.Count(text, []byte(refused)); err != nil || n != 1 {
		t.Errorf("it is said %d times (%v)", n, err)
	}
	registers(t, c, want)
	enforced(t, c, "shop")
}

// TestReplicasAgreeOnCustomResources has two replicas learn of definitions, each of
// them at its own time, and looks at everything that they write.
func TestReplicasAgreeOnCustomResources(t *testing.T) {
	t.Parallel()
	c := cluster.ForTest(t, cluster.Options{WithoutPodSecurity: true})
	flags := append(serve.Credentials(t, t.TempDir()), "--register", "--register-url=https://127.0.0.1:9/validate")
	replicas := []*serve.Server{
		serve.Start(t, c, gabion, "one", c.Kubeconfig(), flags...), serve.Start(t, c, gabion, "two", c.Kubeconfig(), flags...),
	}
	events, err := c.Client().AdmissionregistrationV1().ValidatingWebhookConfigurations().Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer events.Stop()
	var want []string
	for i := range 12 {
		plural := fmt.Sprintf("kind%02ds", i)
		mustKubectl(t, c, definitionOf(plural, "example.com", fmt.Sprintf("Kind%02d", i), twoPods), "create", "-f", "-")
		want = append(want, "advisory "+plural+".example.com/v1")
	}
	registers(t, c, want...)
	time.Sleep(2 * time.Second) // who is behind would have written by now
	for last := 0; last < len(want); {
		found, ok := (<-events.ResultChan()).Object.(*admissionregistrationv1.ValidatingWebhookConfiguration)
		if !ok {
			t.Fatal("the watch has ended")
		}
		n := len(customRules(found))
		if n < last {
			t.Errorf("after %d rules there are %d", last, n)
		}
		last = n
	}
	// All at once.
	names := []string{"delete", "crd"}
	for _, name := range want[6:] {
		name, _, _ = strings.Cut(strings.TrimPrefix(name, "advisory "), "/")
		names = append(names, name)
	}
	mustKubectl(t, c, "", names...)
	registers(t, c, want[:6]...)
	time.Sleep(2 * time.Second)
	registers(t, c, want[:6]...)
	for i, s := range replicas {
		if text, err := s.Get(t.Context(), "/metrics"); err != nil || !strings.Contains(text, "gabion_registration_repairs_total 0\n") {
			t.Errorf("replica %d repaired what another one had written (%v)", i, err)
		}
	}
}
