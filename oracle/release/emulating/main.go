//go:build emulating

// Command emulating answers for a release from v1.35 on, whose code can behave as
// an older version, and here does not. Code of older releases cannot build it.
package main

import (
	"fmt"
	"os"

	"github.com/gabion-security/gabion/oracle/release"
	"k8s.io/pod-security-admission/policy"
)

func main() {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err == nil {
		err = release.Answer(evaluator, os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
