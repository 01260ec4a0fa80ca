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

func TestCustomKindsAreKnownAndSorted(t *testing.T) {
	t.Parallel()
	r, err := NewReader(Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := CustomKinds()
	for i, k := range all {
		if !r.Knows(k.Group+"/v1", k.Kind) || k.Group == "" || i > 0 && (all[i-1].Group > k.Group || all[i-1] == k) {
			t.Errorf("%v after %v", k, all[max(i, 1)-1])
		}
	}
	if len(all) < 20 {
		t.Errorf("only %d", len(all))
	}
}
