package fix_test

import (
	"testing"

	"github.com/gabion-security/gabion/internal/fix"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// fixer returns one toward restricted.
func fixer(t *testing.T) fix.Fixer {
	t.Helper()
	reader, err := workload.NewReader(workload.Options{JSON: true})
	if err != nil {
		t.Fatal(err)
	}
	return fix.Fixer{Reader: reader, Policy: pss.LevelVersion{Level: pss.Restricted, Version: pss.Latest}}
}

func TestX(t *testing.T) {
	for _, text := range []string{`# head
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      # the containers
      containers:
      - name: a   # first
        image: x
        ports:
        - containerPort: 80
        # - containerPort: 81
      # sidecar
      - name: b
        securityContext:
          runAsUser: 1000
          capabilities:
            drop:
            - NET_RAW # why
`, `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[{"name":"a","securityContext":{}},{"name":"b"}]}}`,
		"apiVersion: v1\r\nkind: Pod\r\nspec:\r\n  containers:\r\n  - name: a\r\n    securityContext:\r\n    image: x",
		"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - {name: a, image: b}\n  - &x\n    name: c\n    securityContext: &s {privileged: false}\n  - name: d\n    securityContext: *s\n  - name: e\n    <<: *x\n  - name: f\n    securityContext: ~ # no\n  - name: f\n    securityContext: {}",
		"{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"Pod\",\n  \"spec\": {\n    \"containers\": [\n      {\n        \"name\": \"a\"\n      },\n      {\n        \"name\": \"b\", \"securityContext\": {}\n      }\n    ]\n  }\n}\n",
	} {
		f, err := fixer(t).File("x", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("\n%s", f.After)
		for _, i := range f.Items {
			for _, x := range i.Fixes {
				for _, c := range x.Changes {
					t.Logf("%+v %v %v", c.Path, c.Action, c.Value)
				}
				for _, c := range x.Left {
					t.Logf("left %+v", c)
				}
			}
		}
	}
}
