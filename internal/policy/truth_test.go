package policy

import (
	"slices"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/internal/admission"
	exceptions "github.com/gabion-security/gabion/internal/exception/truth"
	"github.com/gabion-security/gabion/internal/guard/truth"
)

// truthFolder is the table of guards as the documents of a folder.
func truthFolder(t *testing.T, rows []truth.Row) Set {
	t.Helper()
	texts := []string{string(truth.Profile())}
	for i := range rows {
		for _, text := range rows[i].Documents() {
			texts = append(texts, string(text))
		}
	}
	s, err := ReadFolder(folder(map[string]string{"a.yaml": strings.Join(texts, "---\n")}))
	if err != nil || len(s.Faults) > 0 {
		t.Fatal(err, s.Faults)
	}
	return s
}

func TestTheTruthTableOfGuardsHoldsAtAdmission(t *testing.T) {
	t.Parallel()
	rows := truth.Rows()
	if len(rows) < 200 {
		t.Fatalf("%d rows are too few", len(rows))
	}
	l := labelled{labels: map[string]map[string]string{}}
	for i := range rows {
		l.labels[rows[i].ID] = rows[i].NamespaceLabels()
	}
	c, err := admission.New(admission.Options{Config: admission.DefaultConfig(), Namespaces: l, Pods: l})
	if err != nil {
		t.Fatal(err)
	}
	s := truthFolder(t, rows)
	c.SetPolicies(admission.Policies{PodGuards: s.PodGuards(nil, exceptions.Now), Exceptions: Excepts(s.Exceptions, exceptions.Now)})
	allowed := 0
	for i := range rows {
		r := &rows[i]
		if r.Allowed {
			allowed++
		}
		if d := c.Decide(t.Context(), create(t, r.ID, r.Pod())); d.Allowed != r.Allowed {
			t.Errorf("%s: %s: allowed %t, want %t: %s", r.ID, r.Name, d.Allowed, r.Allowed, d.Message)
		}
		request := create(t, r.ID, r.Job())
		request.Group, request.Resource, request.Kind, request.Name = "batch", "jobs", "Job", "j"
		d := c.Decide(t.Context(), request)
		early := ""
		switch {
		case !d.Allowed:
			early = "deny"
		case slices.ContainsFunc(d.Warnings, func(w string) bool { return strings.Contains(w, "will be REJECTED by") }):
			early = "warn"
		}
		if early != r.Early {
			t.Errorf("%s: %s: the Job is told %q, want %q: %s %q", r.ID, r.Name, early, r.Early, d.Message, d.Warnings)
		}
	}
	if allowed < len(rows)/5 || allowed > len(rows)*4/5 {
		t.Errorf("%d of %d rows pass: the table is lopsided", allowed, len(rows))
	}
}
