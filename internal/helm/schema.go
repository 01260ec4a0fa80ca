package helm

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	chart "helm.sh/helm/v4/pkg/chart/v2"
)

// noReferences refuses what a schema refers to outside itself: Helm's own
// validation would fetch it, and read any file.
type noReferences struct{}

// Load refuses.
func (noReferences) Load(url string) (any, error) {
	return nil, fmt.Errorf("it refers to %s, and nothing outside the schema is read here", url)
}

// validate holds values against the schemas of the chart and those in it.
func (r *rendering) validate(c *chart.Chart, values map[string]any) error {
	if c.Schema != nil {
		if err := againstSchema(c.Schema, values); err != nil {
			schema := "values.schema.json"
			if !c.IsRoot() {
				schema = strings.TrimPrefix(c.ChartFullPath()+"/"+schema, c.Root().Name()+"/")
			}
			return &Fault{Path: r.place(schema), Err: oneLine(err)}
		}
	}
	for _, s := range c.Dependencies() {
		own, ok := values[s.Name()]
		if !ok || own == nil {
			continue
		}
		table, ok := own.(map[string]any)
		if !ok {
			return &Fault{Path: r.place("values.yaml"), Err: fmt.Errorf("the values of the chart %q in it are no map", s.Name())}
		}
		if err := r.validate(s, table); err != nil {
			return err
		}
	}
	return nil
}

func againstSchema(text []byte, values map[string]any) error {
	const here = "file:///values.schema.json"
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("the schema of the values is no JSON: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(noReferences{})
	if err := c.AddResource(here, doc); err != nil {
		return fmt.Errorf("the schema of the values is broken: %w", err)
	}
	schema, err := c.Compile(here)
	if err != nil {
		return fmt.Errorf("the schema of the values is broken: %w", err)
	}
	err = schema.Validate(values)
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return err
	}
	_, wrong, _ := strings.Cut(invalid.Error(), "\n")
	wrong, _, _ = strings.Cut(strings.TrimSpace(wrong), "\n") // the first is enough to go on
	return fmt.Errorf("the values are not what the chart's schema asks for: %s", strings.TrimPrefix(wrong, "- "))
}
