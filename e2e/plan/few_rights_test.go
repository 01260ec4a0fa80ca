package plan_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestAUserWhoMayNotListEverythingGetsNoLevelsToEnforce(t *testing.T) {
	client, gabion := fastClient(t), newProgram(t)
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "looker"}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"namespaces", "pods"}, Verbs: []string{"get", "list"}},
	}}
	if _, err := client.RbacV1().ClusterRoles().Create(t.Context(), role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "looker"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: looker}},
	}
	if _, err := client.RbacV1().ClusterRoleBindings().Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	kubeconfig, err := plane.KubeconfigOf(looker)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), gabion.path, "plan", "default", "-o", "kubectl")
	cmd.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "HOME="+t.TempDir())
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() != 3 {
		t.Errorf("%v, want exit code 3", err)
	}
	if strings.Contains(out.String(), "/enforce") || !strings.Contains(out.String(), "ns default") {
		t.Errorf("a level is proposed, or no warning:\n%s", out.String())
	}
	if !strings.Contains(errs.String(), "not listed: deployments.apps") {
		t.Errorf("nobody is told why:\n%s", errs.String())
	}
}
