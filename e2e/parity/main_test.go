package parity_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/gabion-security/gabion/e2e/binaries"
)

// program is the gabion under test.
var program string

func TestMain(m *testing.M) {
	os.Exit(run(m)) //nolint:forbidigo // a TestMain is a main
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "gabion-")
	if err == nil {
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
		program, err = binaries.Gabion(context.Background(), dir)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "no test was run: %v\n", err)
		return 1
	}
	return m.Run()
}
