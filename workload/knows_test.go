package workload

import "testing"

func TestAReaderKnowsTheKindsOfItsTableAndTheUsersOwn(t *testing.T) {
	t.Parallel()
	r, err := NewReader(Options{Paths: []TemplatePath{{Group: "example.com", Kind: "Machine", Path: "spec.template"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		apiVersion, kind string
		want             bool
	}{
		{"v1", "Pod", true},
		{"apps/v1", "Deployment", true},
		{"argoproj.io/v1alpha1", "Rollout", true},
		{"example.com/v2", "Machine", true},
		{"example.com/v1", "Other", false},
		{"v1", "Machine", false},
		{"v1", "ConfigMap", false},
		{"", "", false},
	} {
		if got := r.Knows(tt.apiVersion, tt.kind); got != tt.want {
			t.Errorf("%s %s: %v, want %v", tt.apiVersion, tt.kind, got, tt.want)
		}
	}
}
