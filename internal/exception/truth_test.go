package exception_test

import (
	"bytes"
	"testing"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/document"
	"github.com/gabion-security/gabion/internal/exception"
	"github.com/gabion-security/gabion/internal/exception/truth"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// podOf reads the one pod in YAML, with all that exceptions ask for.
func podOf(t *testing.T, text []byte, namespace string, labels map[string]string) exception.Pod {
	t.Helper()
	reader, err := workload.NewReader(workload.Options{Extra: true})
	if err != nil {
		t.Fatal(err)
	}
	for item := range reader.Read("pod.yaml", bytes.NewReader(text)) {
		if item.Err != nil || len(item.Templates) != 1 {
			t.Fatalf("%v: %s", item.Err, text)
		}
		template := item.Templates[0]
		return exception.Pod{
			Namespace: namespace, NamespaceLabels: labels,
			Pod: &template.Pod, Extra: template.Extra, RuntimeClass: template.RuntimeClass,
		}
	}
	t.Fatalf("no pod: %s", text)
	return exception.Pod{}
}

// exceptionOf reads the one exception in YAML.
func exceptionOf(text []byte) (*exception.Exception, error) {
	documents, err := document.Read(text)
	if err != nil || len(documents) != 1 {
		return nil, err
	}
	return exception.Of(documents[0], []string{"hostAliases"})
}

// setOf makes a set of exceptions in YAML.
func setOf(t *testing.T, texts ...[]byte) *exception.Set {
	t.Helper()
	var all []*exception.Exception
	for _, text := range texts {
		e, err := exceptionOf(text)
		if err != nil {
			t.Fatalf("%v:\n%s", err, text)
		}
		all = append(all, e)
	}
	set, err := exception.NewSet(all)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// judge judges a pod by the labels of its namespace.
func judge(t *testing.T, p exception.Pod) pss.Verdict {
	t.Helper()
	policy, errs := pss.PolicyFromLabels(p.NamespaceLabels, pss.DefaultPolicy())
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	verdict, err := pss.Evaluator{}.Evaluate(p.Pod, policy.Enforce)
	if err != nil {
		t.Fatal(err)
	}
	return verdict
}

func TestTheTruthTableHolds(t *testing.T) {
	t.Parallel()
	rows := append(truth.Rows(), truth.EphemeralRows()...)
	if len(rows) < 200 {
		t.Fatalf("%d rows are too few", len(rows))
	}
	texts := make([][]byte, len(rows))
	for i := range rows {
		texts[i] = rows[i].Exception()
	}
	set := setOf(t, texts...)
	allowed := 0
	for i := range rows {
		r := &rows[i]
		p := podOf(t, r.Pod(), r.ID, r.NamespaceLabels())
		without := judge(t, p)
		if without.Allowed() {
			t.Errorf("%s: the pod passes without an exception", r.Name)
		}
		match := set.For(p, v1alpha1.Enforce, truth.Now())
		with, uses := match.Except(without)
		if with.Allowed() != r.Allowed {
			t.Errorf("%s: passes %v, want %v: %s\n%s\n%s", r.Name, with.Allowed(), r.Allowed, with.Detail(), r.Exception(), r.Pod())
		}
		for _, u := range uses {
			if u.Exception.Name != r.ID {
				t.Errorf("%s: the exception of row %s was used", r.Name, u.Exception.Name)
			}
		}
		if r.Allowed {
			allowed++
			if len(uses) != 1 {
				t.Errorf("%s: %d exceptions were used", r.Name, len(uses))
			}
		}
	}
	if allowed < 100 || allowed > len(rows)-100 {
		t.Errorf("%d of %d rows pass: the table is lopsided", allowed, len(rows))
	}
	t.Logf("%d rows, %d pass", len(rows), allowed)
}
