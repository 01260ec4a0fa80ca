package report

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	kyverno "github.com/kyverno/kyverno/api/policyreport/v1alpha2"
	"github.com/openreports/reports-api/apis/openreports.io/v1alpha1"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/yaml"
	sigsyaml "sigs.k8s.io/yaml"
)

// crdSchema is the schema of a version in a CustomResourceDefinition, by which
// the API server would drop what it does not know.
func crdSchema(t *testing.T, file, version string) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile(file)
	must(t, err)
	var crd struct {
		Spec struct {
			Versions []struct {
				Name   string
				Schema struct{ OpenAPIV3Schema map[string]any }
			}
		}
	}
	must(t, sigsyaml.Unmarshal(text, &crd))
	for _, v := range crd.Spec.Versions {
		if v.Name != version {
			continue
		}
		properties := v.Schema.OpenAPIV3Schema["properties"].(map[string]any)
		delete(properties, "metadata") // the API server's own
		closed(v.Schema.OpenAPIV3Schema)
		properties["metadata"] = map[string]any{"type": "object"}
		c := jsonschema.NewCompiler()
		must(t, c.AddResource("crd.json", v.Schema.OpenAPIV3Schema))
		schema, err := c.Compile("crd.json")
		must(t, err)
		return schema
	}
	t.Fatalf("%s has no version %s", file, version)
	return nil
}

// closed has a schema refuse unknown fields.
func closed(schema map[string]any) {
	if _, ok := schema["properties"]; ok {
		schema["additionalProperties"] = false
	}
	for _, v := range schema {
		switch v := v.(type) {
		case map[string]any:
			closed(v)
		case []any:
			for _, item := range v {
				if m, ok := item.(map[string]any); ok {
					closed(m)
				}
			}
		}
	}
}

func TestReportsAreThoseOfTheirAPI(t *testing.T) {
	t.Parallel()
	open := filepath.Join(module(t, "github.com/openreports/reports-api"), "config/crd")
	old := filepath.Join(module(t, "github.com/kyverno/kyverno"), "config/crds/policyreport")
	for _, api := range []struct {
		format, version string
		files           map[string]string
		types           map[string]func() any
	}{
		{
			"openreports", "v1alpha1",
			map[string]string{"Report": filepath.Join(open, "openreports.io_reports.yaml"), "ClusterReport": filepath.Join(open, "openreports.io_clusterreports.yaml")},
			map[string]func() any{"Report": func() any { return new(v1alpha1.Report) }, "ClusterReport": func() any { return new(v1alpha1.ClusterReport) }},
		},
		{
			"policyreport", "v1alpha2",
			map[string]string{"PolicyReport": filepath.Join(old, "wgpolicyk8s.io_policyreports.yaml"), "ClusterPolicyReport": filepath.Join(old, "wgpolicyk8s.io_clusterpolicyreports.yaml")},
			map[string]func() any{"PolicyReport": func() any { return new(kyverno.PolicyReport) }, "ClusterPolicyReport": func() any { return new(kyverno.ClusterPolicyReport) }},
		},
	} {
		t.Run(api.format, func(t *testing.T) {
			t.Parallel()
			schemas := map[string]*jsonschema.Schema{}
			for kind, file := range api.files {
				schemas[kind] = crdSchema(t, file, api.version)
			}
			seen := map[string]int{}
			for name, text := range documents(t, api.format) {
				var names []string
				for _, document := range split(t, text) {
					var head struct {
						Kind     string
						Metadata struct{ Name, Namespace string }
					}
					must(t, json.Unmarshal(document, &head))
					if schemas[head.Kind] == nil {
						t.Fatalf("%s: kind %q", name, head.Kind)
					}
					seen[head.Kind]++
					names = append(names, head.Metadata.Namespace+"/"+head.Metadata.Name)
					if wrong := validation.NameIsDNSSubdomain(head.Metadata.Name, false); wrong != nil {
						t.Errorf("%s: name %q: %v", name, head.Metadata.Name, wrong)
					}
					value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
					must(t, err)
					if err := schemas[head.Kind].Validate(value); err != nil {
						t.Errorf("%s: %v", name, err)
					}
					d := json.NewDecoder(bytes.NewReader(document))
					d.DisallowUnknownFields()
					if err := d.Decode(api.types[head.Kind]()); err != nil {
						t.Errorf("%s: %v\n%s", name, err, document)
					}
				}
				slices.Sort(names)
				if len(slices.Compact(slices.Clone(names))) != len(names) {
					t.Errorf("%s: two reports have one name: %s", name, strings.Join(names, " "))
				}
			}
			for kind := range api.files {
				if seen[kind] == 0 {
					t.Errorf("no %s was seen", kind)
				}
			}
		})
	}
}

// split returns the documents of a YAML stream as JSON.
func split(t *testing.T, text []byte) (all [][]byte) {
	t.Helper()
	for document := range bytes.SplitSeq(text, []byte("---\n")) {
		if len(bytes.TrimSpace(document)) == 0 {
			continue
		}
		asJSON, err := yaml.ToJSON(document)
		must(t, err)
		all = append(all, asJSON)
	}
	return all
}
