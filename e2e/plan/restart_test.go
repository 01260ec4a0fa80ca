package plan_test

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/e2e/cluster"
)

// TestTheAPIServerStartsWithTheConfigurationOfAPlan is the last test: it leaves
// another API server behind.
func TestTheAPIServerStartsWithTheConfigurationOfAPlan(t *testing.T) {
	client, gabion := fastClient(t), newProgram(t)
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "proxy"}, Spec: spec("privileged", 0)}
	if _, err := client.CoreV1().Pods("kube-system").Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	owned := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "opted-out", Labels: map[string]string{"gabion.io/manage": "false"}}}
	if _, err := client.CoreV1().Namespaces().Create(t.Context(), owned, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CoreV1().Pods("opted-out").Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	// One in which nothing runs yet that would be refused.
	asleep := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "asleep"}}
	if _, err := client.CoreV1().Namespaces().Create(t.Context(), asleep, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "web"}}, Spec: spec("privileged", 0)}
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: appsv1.DeploymentSpec{
		Selector: &metav1.LabelSelector{MatchLabels: template.Labels}, Template: template,
	}}
	if _, err := client.AppsV1().Deployments("asleep").Create(t.Context(), deployment, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	// What the plan says is done, and then what the file says, until it holds nothing back.
	shell(t, gabion.run(t, "--target=baseline", "-o", "kubectl"))
	text := gabion.run(t, "--target=baseline", "-o", "admissionconfiguration")
	if !strings.Contains(text, "#   kubectl label ns asleep ") || !strings.Contains(text, "#   kubectl label ns opted-out ") ||
		strings.Contains(text, "-o kubectl label these") {
		t.Fatalf("nothing is said to be held back:\n%s", text)
	}
	shell(t, commandsIn(text))
	text = gabion.run(t, "--target=baseline", "-o", "admissionconfiguration")
	if commandsIn(text) != "" || !strings.Contains(text, "enforce: baseline\n") {
		t.Fatalf("after what it said was done, the file is\n%s", text)
	}
	if err := plane.Reconfigure(t.Context(), func(o *cluster.Options) { o.AdmissionConfiguration = text }); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	fresh := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "fresh"}}
	if _, err := client.CoreV1().Namespaces().Create(t.Context(), fresh, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		namespace, level string
		want             bool
	}{
		{"fresh", "privileged", true}, {"fresh", "baseline", false}, {"kube-system", "privileged", false},
		{"asleep", "privileged", false}, {"opted-out", "privileged", false},
	} {
		got, err := refused(t.Context(), client, tt.namespace, spec(tt.level, 0))
		if err != nil || got != tt.want {
			t.Errorf("a %s pod in %s is refused: %t, want %t (%v)", tt.level, tt.namespace, got, tt.want, err)
		}
	}
}

// commandsIn returns the commands in the comments of a file.
func commandsIn(text string) string {
	var commands strings.Builder
	for line := range strings.Lines(text) {
		if command, ok := strings.CutPrefix(line, "#   kubectl "); ok {
			commands.WriteString("kubectl " + command)
		}
	}
	return commands.String()
}
