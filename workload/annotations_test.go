package workload

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/pss"
)

func TestAnnotationsAreKeptWhereTheyAreAskedFor(t *testing.T) {
	t.Parallel()
	const mark, kept = "example.com/mark", `annotations: {example.com/mark: "1", other: "2", seccomp.security.alpha.kubernetes.io/pod: a}`
	one := map[string]string{mark: "1"}
	for _, c := range []struct {
		name, text       string
		object, template map[string]string
	}{
		{"of a Pod", "apiVersion: v1\nkind: Pod\nmetadata: {" + kept + "}\nspec: {containers: [{name: a}]}\n", one, nil},
		{"of a Pod whose type comes last", "metadata: {" + kept + "}\nspec: {containers: [{name: a}]}\nkind: Pod\napiVersion: v1\n", one, nil},
		{"of a Deployment", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {" + kept + "}\nspec: {template: {spec: {containers: [{name: a}]}}}\n", one, nil},
		{"of its template", "apiVersion: apps/v1\nkind: Deployment\nspec: {template: {metadata: {" + kept + "}, spec: {containers: [{name: a}]}}}\n", nil, one},
		{"of a custom resource", "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {" + kept + "}\nspec: {template: {metadata: {" + kept + "}, spec: {containers: [{name: a}]}}}\n", one, one},
		{"none", "apiVersion: v1\nkind: Pod\nmetadata: {annotations: }\nspec: {containers: [{name: a}]}\n", nil, nil},
	} {
		for _, asked := range []bool{true, false} {
			var o Options
			if asked {
				o.Annotations = []string{mark}
			}
			r, err := NewReader(o)
			if err != nil {
				t.Fatal(err)
			}
			found := 0
			for item := range r.Read("in.yaml", strings.NewReader(c.text)) {
				found++
				if item.Outcome != Read {
					t.Fatalf("%s: %v", c.name, item.Err)
				}
				object, template := c.object, c.template
				if !asked {
					object, template = nil, nil
				}
				if diff := cmp.Diff(object, item.Annotations); diff != "" {
					t.Errorf("%s, of the object (-want +got):\n%s", c.name, diff)
				}
				if diff := cmp.Diff(template, item.Templates[0].Annotations); diff != "" {
					t.Errorf("%s, of the template (-want +got):\n%s", c.name, diff)
				}
			}
			if found != 1 {
				t.Errorf("%s: %d objects", c.name, found)
			}
		}
	}
}

func TestAnAnnotationToKeepThatIsNoTextBreaksTheObject(t *testing.T) {
	t.Parallel()
	r, err := NewReader(Options{Annotations: []string{"mark"}})
	if err != nil {
		t.Fatal(err)
	}
	for item := range r.Read("in.yaml", strings.NewReader("apiVersion: v1\nkind: Pod\nmetadata: {annotations: {mark: true}}\nspec: {containers: [{name: a}]}\n")) {
		if item.Outcome != Broken || item.Annotations != nil {
			t.Errorf("got %v with %v", item.Outcome, item.Annotations)
		}
	}
}

func TestWhatPodSecurityReadsIsNotKeptBeside(t *testing.T) {
	t.Parallel()
	for _, name := range []string{pss.SeccompPodAnnotation, pss.AppArmorAnnotationPrefix + "a"} {
		if _, err := NewReader(Options{Annotations: []string{name}}); err == nil {
			t.Errorf("%s is taken from the verdict", name)
		}
	}
}
