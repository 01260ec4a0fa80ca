package workload_test

import (
	"fmt"
	"strings"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

func Example() {
	const manifest = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      hostNetwork: true
      containers:
      - name: web
`
	reader, err := workload.NewReader(workload.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for item := range reader.Read("web.yaml", strings.NewReader(manifest)) {
		for _, template := range item.Templates {
			verdict, err := pss.Evaluator{}.Evaluate(&template.Pod, pss.LevelVersion{Level: pss.Baseline, Version: pss.Latest})
			if err != nil {
				fmt.Println(err)
				return
			}
			for _, violation := range verdict.Violations() {
				for _, finding := range violation.Findings {
					line, column := template.Position(finding.Path())
					fmt.Printf("%s:%d:%d: %s is %s\n", item.Source.File, line, column, template.FullPath(finding.Path()), finding.Value)
				}
			}
		}
	}
	// Output: web.yaml:7:20: spec.template.spec.hostNetwork is true
}

func ExampleParseTemplatePath() {
	path, err := workload.ParseTemplatePath("example.com/Machine=.spec.roles[*].template")
	fmt.Println(path.Group, path.Kind, path.Path, err)
	// Output: example.com Machine spec.roles[*].template <nil>
}
