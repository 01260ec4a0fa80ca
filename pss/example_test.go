package pss_test

import (
	"fmt"

	"github.com/gabion-security/gabion/pss"
)

func Example() {
	pod := &pss.Pod{
		Containers: []pss.Container{{
			Name: "web", Kind: pss.RegularContainer,
			AddedCapabilities: []string{"NET_ADMIN"},
		}},
	}
	verdict, err := pss.Evaluator{}.Evaluate(pod, pss.LevelVersion{Level: pss.Baseline, Version: pss.Latest})
	if err != nil {
		fmt.Println("refused:", err) // a policy that is none: stay closed
		return
	}
	fmt.Println(verdict.Allowed(), verdict.Detail())
	for _, violation := range verdict.Violations() {
		for _, f := range violation.Findings {
			fmt.Printf("%s at %s: %s\n", f.Value, f.Path(), f.Fix)
		}
	}
	// Output:
	// false non-default capabilities (container "web" must not include "NET_ADMIN" in securityContext.capabilities.add)
	// NET_ADMIN at spec.containers[0].securityContext.capabilities.add[0]: remove it from securityContext.capabilities.add
}

func ExampleEvaluator_Strictest() {
	pod := &pss.Pod{Containers: []pss.Container{{Name: "web", Kind: pss.RegularContainer}}}
	level, err := pss.Evaluator{}.Strictest(pod, pss.Latest)
	fmt.Println(level, err)
	// Output: baseline <nil>
}

func ExamplePolicyFromLabels() {
	policy, errs := pss.PolicyFromLabels(map[string]string{
		pss.EnforceLabel: "baseline", pss.EnforceVersionLabel: "v1.30",
	}, pss.DefaultPolicy())
	fmt.Println(policy.Enforce, policy.Warn, policy.Audit, len(errs))
	// Output: baseline:v1.30 baseline:v1.30 privileged:latest 0
}
