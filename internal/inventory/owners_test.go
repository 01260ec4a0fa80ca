package inventory

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
			var all []made
			for _, object := range tt.objects {
				name, owner, controlled := strings.Cut(object, "<")
				w := made{key: keyOf("apps/v1", "Deployment", name), workload: &Workload{Name: object}}
				if controlled {
					w.controller = keyOf("apps/v1beta1", "Deployment", owner)
				}
				all = append(all, w)
			}
			var got []string
			for _, w := range topmost(all) {
				got = append(got, w.workload.Name)
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("reported (-want +got):\n%s", diff)
			}
		})
	}
}
