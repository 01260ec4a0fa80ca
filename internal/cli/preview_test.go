package cli

import (
	"fmt"
	"strings"
	"testing"
)

func TestTemplatesThatOwnThemselvesDoNotDisappear(t *testing.T) {
	t.Parallel()
	deployment := func(name, owner string) string {
		return fmt.Sprintf(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":%q,"ownerReferences":`+
			`[{"apiVersion":"apps/v1","kind":"Deployment","name":%q,"controller":true,"uid":"u"}]},`+
			`"spec":{"template":{"spec":{"hostPID":true,"containers":[{"name":"app"}]}}}}`, name, owner) + "\n"
	}
	s, out, stderr := system("preview", "--all", "--enforce=baseline", "--templates", "-")
	s.Stdin = strings.NewReader(deployment("self", "self") + deployment("x", "y") + deployment("y", "x"))
	if code := Main(s); code != 0 {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if want := "Template: deployment.apps/self (and 2 other workloads): host namespaces\n"; !strings.Contains(out.String(), want) {
		t.Errorf("got\n%swant\n%s", out, want)
	}
}
