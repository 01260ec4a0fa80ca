package cluster

import (
	"strings"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/internal/inventory"
)

func TestAnAddressHasNoCredentials(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"https://10.0.0.1:6443":                          "https://10.0.0.1:6443",
		"https://10.0.0.1:6443/":                         "https://10.0.0.1:6443",
		"https://bob:hunter2@10.0.0.1:6443":              "https://10.0.0.1:6443",
		"https://hunter2@10.0.0.1:6443/k8s/clusters/c-1": "https://10.0.0.1:6443/k8s/clusters/c-1",
		"https://10.0.0.1:6443?token=hunter2#hunter2":    "https://10.0.0.1:6443",
		"bob:hunter2@10.0.0.1:6443":                      "http://10.0.0.1:6443",
		"10.0.0.1:6443":                                  "http://10.0.0.1:6443",
		"":                                               "http://localhost",
		"https://bob:hunter2@%":                          "",
	} {
		if got := Address(&rest.Config{Host: host}); got != want {
			t.Errorf("%q: got %q, want %q", host, got, want)
		}
	}
}

func TestAClusterIsKnownByItsSystemNamespaceIfThatMayBeRead(t *testing.T) {
	t.Parallel()
	const path = "/api/v1/namespaces/kube-system"
	for _, tt := range []struct {
		name   string
		answer answerOf
		uid    string
		fails  bool
	}{
		{"it may be read", answerOf{200, `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-system","uid":"u-1"}}`}, "u-1", false},
		{"it may not", answerOf{403, status(403, "Forbidden", "not yours", "")}, "", false},
		{"there is none", answerOf{404, status(404, "NotFound", "none", "")}, "", false},
		{"nobody knows", answerOf{500, status(500, "InternalError", "oops", "")}, "", true},
	} {
		answers := olderServer()
		answers[path] = tt.answer
		f := newFake(t, answers)
		got, err := listed(t, f, ListOptions{})
		if tt.fails {
			if err == nil || !strings.Contains(err.Error(), "which cluster it is: oops") {
				t.Errorf("%s: got %v", tt.name, err)
			}
			continue
		}
		if want := (inventory.Cluster{Address: f.URL, UID: tt.uid}); err != nil || got.Cluster != want {
			t.Errorf("%s: got %+v, %v, want %+v", tt.name, got.Cluster, err, want)
		}
	}
}
