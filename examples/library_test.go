package examples_test

import (
	"fmt"
	"os"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// What README.md shows of the packages.
func Example() {
	reader, err := workload.NewReader(workload.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	file, err := os.Open("check/web.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = file.Close() }()

	policy := pss.LevelVersion{Level: pss.Baseline, Version: pss.Latest}
	for item := range reader.Read("web.yaml", file) {
		if item.Err != nil || item.Outcome == workload.NotChecked || len(item.Unchecked) > 0 {
			fmt.Println("not judged:", item.Object.Name, item.Reason, item.Unchecked, item.Err) // never fine
		}
		for _, template := range item.Templates {
			verdict, err := pss.Evaluator{}.Evaluate(&template.Pod, policy)
			if err != nil {
				fmt.Println("refused:", err) // a policy that is none
				return
			}
			fmt.Println(item.Object.Name, verdict.Allowed(), verdict.Detail())
		}
	}
	// Output:
	// web false non-default capabilities (container "tune" must not include "NET_ADMIN" in securityContext.capabilities.add)
}
