package workload

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestJSONIsKeptWhereItIsAskedFor reads objects of all sorts with Options.JSON.
func TestJSONIsKeptWhereItIsAskedFor(t *testing.T) {
	t.Parallel()
	const spec = `{"containers":[{"name":"c"}]}`
	for _, c := range []struct {
		name, text string
		object     string
		templates  []string
	}{
		{
			"an object without pods is kept", "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n",
			`{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"a"}}`, nil,
		},
		{
			"a Pod is its own template", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":` + spec + `}`,
			`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":` + spec + `}`,
			[]string{`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":` + spec + `}`},
		},
		{
			"a Deployment's template is cut out of it", `{"apiVersion":"apps/v1","kind":"Deployment","spec":{"template":{"spec":` + spec + `}}}`,
			`{"apiVersion":"apps/v1","kind":"Deployment","spec":{"template":{"spec":` + spec + `}}}`,
			[]string{`{"spec":` + spec + `}`},
		},
		{
			"so is one whose type comes last", `{"spec":{"template":{"spec":` + spec + `} },"kind":"Deployment","apiVersion":"apps/v1"}`,
			`{"spec":{"template":{"spec":` + spec + `} },"kind":"Deployment","apiVersion":"apps/v1"}`,
			[]string{`{"spec":` + spec + `}`},
		},
		{
			"what is broken has none", `{"apiVersion":"v1","kind":"Pod"}`, "", nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, err := NewReader(Options{JSON: true})
			if err != nil {
				t.Fatal(err)
			}
			for item := range r.Read("in.yaml", strings.NewReader(c.text)) {
				var templates []string
				for _, template := range item.Templates {
					templates = append(templates, string(template.JSON))
				}
				if diff := cmp.Diff(c.object, string(item.JSON)); diff != "" {
					t.Errorf("object (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(c.templates, templates); diff != "" {
					t.Errorf("templates (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// TestABarePodSpecIsGivenATemplateAround reads a kind that a flag names.
func TestABarePodSpecIsGivenATemplateAround(t *testing.T) {
	t.Parallel()
	r, err := NewReader(Options{JSON: true, Paths: []TemplatePath{{Group: "example.com", Kind: "Job", Path: "spec.pod"}}})
	if err != nil {
		t.Fatal(err)
	}
	for item := range r.Read("in.json", strings.NewReader(`{"apiVersion":"example.com/v1","kind":"Job","spec":{"pod":{"containers":[]}}}`)) {
		if len(item.Templates) != 1 {
			t.Fatalf("got %d templates, want 1: %v", len(item.Templates), item.Err)
		}
		if diff := cmp.Diff(`{"spec":{"containers":[]}}`, string(item.Templates[0].JSON)); diff != "" {
			t.Error(diff)
		}
	}
}

// TestNoJSONIsKeptUnlessAskedFor reads with the zero Options.
func TestNoJSONIsKeptUnlessAskedFor(t *testing.T) {
	t.Parallel()
	r, err := NewReader(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for item := range r.Read("in.json", strings.NewReader(`{"apiVersion":"v1","kind":"Pod","spec":{"containers":[]}}`)) {
		if item.JSON != nil || item.Templates[0].JSON != nil {
			t.Errorf("kept %q and %q", item.JSON, item.Templates[0].JSON)
		}
	}
}
