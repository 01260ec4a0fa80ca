// Command plain answers for a release that does not have the feature gate
// UserNamespacesPodSecurityStandards yet.
package main

import (
	"fmt"
	"os"

	"github.com/gabion-security/gabion/oracle/release"
	"k8s.io/pod-security-admission/policy"
)

func main() {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks())
	if err == nil {
		err = release.Answer(evaluator, os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
