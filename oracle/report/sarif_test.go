package report

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// sarifSchema is the schema that OASIS publishes, as go-sarif carries it.
func sarifSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text := constant(t, filepath.Join(module(t, "github.com/owenrumney/go-sarif/v3"), "pkg/report/v210/sarif/schema.go"), "schema")
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	must(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat() // URIs are URIs
	const id = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	must(t, c.AddResource(id, document))
	schema, err := c.Compile(id)
	must(t, err)
	return schema
}

func TestSARIFIsAsItsSchemaSays(t *testing.T) {
	t.Parallel()
	schema := sarifSchema(t)
	results, fixes := 0, 0
	for name, text := range documents(t, "sarif") {
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := schema.Validate(document); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		read, err := sarif.FromBytes(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		prints := map[string]bool{}
		for _, r := range read.Runs[0].Results {
			results++
			fixes += len(r.Fixes)
			if at := r.RuleIndex; at < 0 || *read.Runs[0].Tool.Driver.Rules[at].ID != *r.RuleID {
				t.Errorf("%s: rule %s is not at %d", name, *r.RuleID, at)
			}
			print := r.PartialFingerprints["gabionFinding/v1"]
			if print == "" || prints[print] {
				t.Errorf("%s: fingerprint %q", name, print)
			}
			prints[print] = true
		}
	}
	if results < 100 || fixes < 2 {
		t.Errorf("only %d results and %d fixes were seen", results, fixes)
	}
}

func TestTheSchemaOfSARIFFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	schema := sarifSchema(t)
	text := string(documents(t, "sarif")["check-single.sarif"])
	for _, change := range [][2]string{
		{`"ruleId"`, `"rule"`}, {`"startLine": 7`, `"startLine": 0`}, {`"level": "error"`, `"level": "bad"`}, {`charts/a%20b%231.yaml`, `charts/a b%.yaml`},
	} {
		var document any
		must(t, json.Unmarshal([]byte(strings.ReplaceAll(text, change[0], change[1])), &document))
		if schema.Validate(document) == nil {
			t.Errorf("%s for %s is not found", change[1], change[0])
		}
	}
}
