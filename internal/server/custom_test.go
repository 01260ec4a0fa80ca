package server

import (
	"strconv"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/internal/cluster"
)

func TestOnlySoManyCustomResourcesAreNamed(t *testing.T) {
	t.Parallel()
	var all []cluster.UncheckedResource
	for i := range maxNamed + 3 {
		all = append(all, cluster.UncheckedResource{Name: "kinds" + strconv.Itoa(i) + ".example.com", Reason: "why"})
	}
	if got, want := uncheckedNames(all[:2]), "kinds0.example.com (why), kinds1.example.com (why)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := uncheckedNames(all); !strings.HasSuffix(got, "kinds49.example.com (why), and 3 more") {
		t.Errorf("got %s", got)
	}
	if got := judgedNames([]cluster.CustomResource{{Group: "example.com", Plural: "sets"}}); got != "sets.example.com" {
		t.Errorf("got %s", got)
	}
}

func TestCustomResourcesThatAreNotKnownYetAreNone(t *testing.T) {
	t.Parallel()
	var c customResources
	if judged, unchecked := c.count(); judged != 0 || unchecked != 0 {
		t.Errorf("%d are judged, %d are not", judged, unchecked)
	}
	if got := c.registered(); got.Version != 0 || len(got.Rules) > 0 {
		t.Errorf("registered are %+v", got)
	}
	c.found.Store(&cluster.CustomResources{Version: 3, Judged: []cluster.CustomResource{{Group: "a.io", Plural: "ones", Versions: []string{"v1"}}}})
	if got := c.registered(); got.Version != 3 || len(got.Rules) != 1 {
		t.Errorf("registered are %+v", got)
	}
}
