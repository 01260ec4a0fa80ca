package cli

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/config"
)

// TestEachKeyOfTheConfigurationIsAFlag holds the keys against the command that
// they are for.
func TestEachKeyOfTheConfigurationIsAFlag(t *testing.T) {
	t.Parallel()
	s, _, _ := system()
	flags := newCheck(&s).Flags()
	for f := range reflect.TypeFor[config.Config]().Fields() {
		name := f.Tag.Get("flag")
		if flags.Lookup(name) == nil {
			t.Errorf("%s is --%s, which gabion check does not have", f.Name, name)
		}
	}
}

func TestTheSchemaTakesTheModesOfFailOn(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../api/gabion.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]struct{ Enum []string }
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(failOnValues(), schema.Properties["failOn"].Enum); diff != "" {
		t.Errorf("(-flag +schema):\n%s", diff)
	}
}
