package config_test

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/config"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// schemaFile is the schema that editors read.
const schemaFile = "../../api/gabion.schema.json"

type property struct {
	Description, Type, Pattern string
	Enum                       []string
	MinItems, MinLength        int
	Items                      *property
}

// schema reads the schema strictly: what the test does not know, it does not check.
func schema(t *testing.T) map[string]property {
	t.Helper()
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		Schema      string `json:"$schema"`
		ID          string `json:"$id"`
		Title       string
		Description string
		Type        string
		Closed      *bool `json:"additionalProperties"`
		Properties  map[string]property
		Not         json.RawMessage
	}
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		t.Fatal(err)
	}
	if s.Type != "object" || s.Closed == nil || *s.Closed {
		t.Error("the schema lets other keys in")
	}
	if !strings.HasSuffix(s.ID, "/main/api/gabion.schema.json") {
		t.Errorf("the schema says that it is %s", s.ID)
	}
	return s.Properties
}

func TestTheSchemaHasTheKeysOfTheConfiguration(t *testing.T) {
	t.Parallel()
	properties := schema(t)
	var keys []string
	for f := range reflect.TypeFor[config.Config]().Fields() {
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		keys = append(keys, key)
		p := properties[key]
		switch f.Type {
		case reflect.TypeFor[string]():
			if p.Type != "string" || p.MinLength == 0 && p.Pattern == "" && len(p.Enum) == 0 {
				t.Errorf("%s is text that is not empty, and the schema says %+v", key, p)
			}
		case reflect.TypeFor[bool]():
			if p.Type != "boolean" {
				t.Errorf("%s is true or false, and the schema says %+v", key, p)
			}
		case reflect.TypeFor[[]string]():
			if p.Type != "array" || p.MinItems != 1 || p.Items == nil || p.Items.Type != "string" || p.Items.MinLength == 0 && p.Items.Pattern == "" {
				t.Errorf("%s is a list of texts, and the schema says %+v", key, p)
			}
		default:
			t.Errorf("%s is a %v, which no schema is known for", key, f.Type)
		}
		if p.Description == "" {
			t.Errorf("%s is not described", key)
		}
	}
	slices.Sort(keys)
	if diff := cmp.Diff(keys, slices.Sorted(maps.Keys(properties))); diff != "" {
		t.Errorf("keys (-configuration +schema):\n%s", diff)
	}
}

func TestTheSchemaTakesWhatTheFlagsTake(t *testing.T) {
	t.Parallel()
	properties := schema(t)
	var levels []string
	for _, l := range pss.Levels() {
		levels = append(levels, l.String())
	}
	for _, key := range []string{"level", "atLeast"} {
		if diff := cmp.Diff(levels, properties[key].Enum); diff != "" {
			t.Errorf("%s (-levels +schema):\n%s", key, diff)
		}
	}
	version := regexp.MustCompile(properties["version"].Pattern)
	for _, text := range []string{"latest", "v1.0", "v1.25", "v1.999", "1.25", "v1", "v1.25.3", "v1.025", "v2.0", "", "newest"} {
		_, err := pss.ParseVersion(text)
		if got := version.MatchString(text); got != (err == nil) {
			t.Errorf("version %q: the schema takes it: %v, the flag: %v", text, got, err)
		}
	}
	path := regexp.MustCompile(properties["podTemplatePaths"].Items.Pattern)
	for _, text := range []string{"a.b/C=.spec", `C=["a"]`, "C=spec", "C"} {
		_, err := workload.ParseTemplatePath(text)
		if got := path.MatchString(text); got != (err == nil) {
			t.Errorf("path %q: the schema takes it: %v, the flag: %v", text, got, err)
		}
	}
}
