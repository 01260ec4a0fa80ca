package cli

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/preview"
)

func TestOnlyWorkloadsThatAnotherStandsForAreLeftOut(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		// objects are "name" or "name<controller".
		objects []string
		want    string
	}{
		{"no owners", []string{"a", "b"}, "a b"},
		{"an owner in the input", []string{"b<a", "a"}, "a"},
		{"an owner that is not in the input", []string{"b<a"}, "b<a"},
		{"a chain", []string{"c<b", "b<a", "a"}, "a"},
		{"a chain whose head is not in the input", []string{"c<b", "b<a"}, "b<a"},
		{"an object that controls itself", []string{"a<a"}, "a<a"},
		{"a circle", []string{"a<b", "b<a"}, "a<b b<a"},
		{"a circle of three and what hangs on it", []string{"a<c", "b<a", "c<b", "d<c", "e<d"}, "a<c b<a c<b d<c e<d"},
		{"an owner's name that two objects have", []string{"a", "a", "b<a"}, "a a b<a"},
		{"an object that controls itself beside one of its name", []string{"a", "a<a"}, "a a<a"},
		{"two objects of one name with an owner", []string{"a", "b<a", "b<a"}, "a"},
		{"an owner without a name", []string{"", "b<"}, " b<"},
		{"a circle beside a chain", []string{"a", "b<a", "x<y", "y<x"}, "a x<y y<x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var all []waiting
			for _, object := range tt.objects {
				name, owner, controlled := strings.Cut(object, "<")
				w := waiting{key: keyOf("ns", "apps/v1", "Deployment", name), pods: []preview.Pod{{Name: object}}}
				if controlled {
					w.controller = keyOf("ns", "apps/v1beta1", "Deployment", owner)
				}
				all = append(all, w)
			}
			var got []string
			for _, w := range uncontrolled(all) {
				got = append(got, w.pods[0].Name)
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("reported (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTemplatesThatOwnThemselvesDoNotDisappear(t *testing.T) {
	t.Parallel()
	deployment := func(name, owner string) string {
		return fmt.Sprintf(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":%q,"ownerReferences":`+
			`[{"apiVersion":"apps/v1","kind":"Deployment","name":%q,"controller":true,"uid":"u"}]},`+
			`"spec":{"template":{"spec":{"hostPID":true,"containers":[{"name":"app"}]}}}}`, name, owner) + "\n"
	}
	s, out, stderr := system("preview", "--all", "--enforce=baseline", "--templates", "-")
	s.Stdin = strings.NewReader(deployment("self", "self") + deployment("x", "y") + deployment("y", "x"))
	if code := Main(s); code != 0 {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if want := "Template: deployment.apps/self (and 2 other workloads): host namespaces\n"; !strings.Contains(out.String(), want) {
		t.Errorf("got\n%swant\n%s", out, want)
	}
}
