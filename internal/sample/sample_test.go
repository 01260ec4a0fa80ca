package sample_test

import (
	"strings"
	"testing"

	"github.com/gabion-security/gabion/internal/sample"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

func TestEveryManifestCanBeReadAndTheyDiffer(t *testing.T) {
	t.Parallel()
	reader, err := workload.NewReader(workload.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := sample.Manifests()
	if len(all) < 200 {
		t.Errorf("%d manifests are fewer than 200", len(all))
	}
	names := map[string]bool{}
	levels := map[pss.Level]int{}
	failed := map[string]bool{}
	var evaluator pss.Evaluator
	for _, m := range all {
		if names[m.Name] {
			t.Errorf("%s comes twice", m.Name)
		}
		names[m.Name] = true
		pods := 0
		for item := range reader.Read(m.Name, strings.NewReader(m.Text)) {
			if item.Outcome == workload.Broken || item.Outcome == workload.NotChecked {
				t.Errorf("%s: %v %s\n%s", m.Name, item.Err, item.Reason, m.Text)
			}
			pods += len(item.Templates)
			for i := range item.Templates {
				passed := pss.Privileged
				for _, level := range []pss.Level{pss.Baseline, pss.Restricted} {
					verdict, err := evaluator.Evaluate(&item.Templates[i].Pod, pss.LevelVersion{Level: level, Version: pss.Latest})
					if err != nil {
						t.Fatal(err)
					}
					if verdict.Allowed() {
						passed = level
					}
					for _, v := range verdict.Violations() {
						failed[string(v.Control)] = true
					}
				}
				levels[passed]++
			}
		}
		if pods != m.Pods {
			t.Errorf("%s: %d pods, want %d", m.Name, pods, m.Pods)
		}
	}
	for _, level := range pss.Levels() {
		if levels[level] < 20 {
			t.Errorf("only %d pods pass %s and no stricter level", levels[level], level)
		}
	}
	if len(failed) < 14 {
		t.Errorf("only %d controls find something: %v", len(failed), failed)
	}
}
