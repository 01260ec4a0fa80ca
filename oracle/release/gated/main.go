// Command gated answers for a release that has the feature gate
// UserNamespacesPodSecurityStandards, v1.29 to v1.34. With the argument "on" the
// gate is on.
package main

import (
	"fmt"
	"os"

	"github.com/gabion-security/gabion/oracle/release"
	"k8s.io/pod-security-admission/policy"
)

func main() {
	policy.RelaxPolicyForUserNamespacePods(len(os.Args) > 1 && os.Args[1] == "on")
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks())
	if err == nil {
		err = release.Answer(evaluator, os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
