package conformance_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gabion-security/gabion/e2e/binaries"
	"github.com/gabion-security/gabion/e2e/cluster"
)

// TestCheckSaysOfWorkloadsWhatTheAPIServerWarnsOf makes Deployments of upstream's
// fixtures. The API server fills in less in a template than in a pod.
func TestCheckSaysOfWorkloadsWhatTheAPIServerWarnsOf(t *testing.T) {
	t.Parallel()
	gabion, err := binaries.Gabion(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	root := fixtureDir(t)
	for _, level := range []string{"baseline", "restricted"} {
		for _, version := range []string{"v1.0", "v1.18", "v1.24", "v1.33", "v1.37"} {
			t.Run(level+"_"+version, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				deployments := map[string]*appsv1.Deployment{}
				for fixture, pod := range fixtures(t, root, level, version) {
					file := filepath.Join(dir, filepath.Base(filepath.Dir(fixture))+"-"+filepath.Base(fixture))
					deployments[file] = deploymentOf(pod)
					writeManifest(t, file, deployments[file])
				}
				compareDeployments(t, level, version, deployments, check(t, gabion, level, version, dir))
			})
		}
	}
}

// deploymentOf returns a Deployment of a pod.
func deploymentOf(pod *corev1.Pod) *appsv1.Deployment {
	template := corev1.PodTemplateSpec{ObjectMeta: pod.ObjectMeta, Spec: pod.Spec}
	template.Name, template.Labels = "", map[string]string{"app": "test"}
	return &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: metav1.ObjectMeta{Name: "test"},
		Spec:       appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: template.Labels}, Template: template},
	}
}

func writeManifest(t *testing.T, file string, object any) {
	t.Helper()
	data, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// compareDeployments holds the verdicts on Deployments against the warnings of
// the API server when they are created.
func compareDeployments(
	t *testing.T, level, version string, deployments map[string]*appsv1.Deployment, verdicts map[string]verdict,
) {
	t.Helper()
	if len(deployments) < 40 || len(deployments) != len(verdicts) {
		t.Fatalf("%d Deployments, %d verdicts", len(deployments), len(verdicts))
	}
	warnings := &cluster.Warnings{}
	config := plane.Config()
	config.WarningHandler = warnings
	clientset, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	client := clientset.AppsV1().Deployments(newNamespace(t, "warn", level, version))
	for file, deployment := range deployments {
		v := verdicts[file]
		_, err := client.Create(t.Context(), deployment, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		said := podSecurity(warnings.Take())
		if apierrors.IsInvalid(err) {
			if v.Allowed {
				t.Errorf("%s: allowed, but the API server says: %v", file, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		want := ""
		if !v.Allowed {
			want = fmt.Sprintf("would violate PodSecurity %q: %s", level+":"+version, v.Message)
		}
		if said != want {
			t.Errorf("%s:\ngabion     %s\nAPI server %s", file, want, said)
		}
	}
}

// podSecurity returns the warnings that are those of Pod Security admission.
func podSecurity(warnings []string) string {
	var found []string
	for _, w := range warnings {
		if strings.Contains(w, "PodSecurity") {
			found = append(found, w)
		}
	}
	return strings.Join(found, "\n")
}
