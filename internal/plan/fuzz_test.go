package plan_test

import (
	"bytes"
	"testing"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/plan"
)

func FuzzAnAuditLogIsReadWhateverIsInIt(f *testing.F) {
	inv := &inventory.Inventory{Namespaces: []inventory.Namespace{{Name: "shop", Stated: true}}}
	for _, line := range []string{
		"", "{}", "\x1f\x8b", `{"audit-violations"`,
		`{"kind":"Event","apiVersion":"audit.k8s.io/v1","stage":"ResponseComplete","user":{"username":"system:serviceaccount:kube-system:job-controller"},` +
			`"objectRef":{"resource":"pods","namespace":"shop","name":"night-28394100-abcde"},"responseStatus":{"code":201},"stageTimestamp":"2026-11-20T10:00:00Z",` +
			`"annotations":{"pod-security.kubernetes.io/audit-violations":"would violate PodSecurity \"restricted:latest\": a (\"b\", (c)), d"}}`,
		`{"kind":"Event","apiVersion":"audit.k8s.io/v1","stage":"ResponseComplete","objectRef":{"resource":"pods","namespace":"shop"},` +
			`"annotations":{"x.pod-security.gabion.io/enforce-policy":"baseline:latest"}}`,
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		o := options()
		o.Observed = &plan.AuditLog{}
		_ = o.Observed.Read(bytes.NewReader(text)) // that it is no gzip after all
		lines := bytes.Count(text, []byte("\n")) + 1
		if !bytes.HasPrefix(text, []byte{0x1f, 0x8b}) && o.Observed.Events+o.Observed.Malformed > lines || o.Observed.Violations > o.Observed.Events {
			t.Fatalf("%d lines: %+v", lines, o.Observed)
		}
		p, err := plan.Make(inv, o)
		if err != nil {
			t.Fatal(err)
		}
		if n := &p.Namespaces[0]; o.Observed.Violations > 0 && len(n.Steps) > 0 && len(n.Steps[len(n.Steps)-1].Blockers) == 0 {
			t.Fatalf("a level is to come, and nothing stands in its way: %+v", n)
		}
	})
}
