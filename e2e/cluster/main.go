package cluster

import (
	"context"
	"os"
	"time"

	"github.com/gabion-security/gabion/e2e/binaries"
)

// Main is a TestMain: it starts a control plane, runs the tests and stops it,
// and returns the exit code. The programs are built if need be; if that or the
// start fails, it says why and no test is run.
func Main(tests interface{ Run() int }, plane **Cluster, o Options) int {
	log := o.logger()
	begin := time.Now()
	c, err := Start(context.Background(), o)
	if err != nil {
		log.Printf("no test was run: %v", err)
		return 1
	}
	log.Printf("the control plane is ready after %s", time.Since(begin).Round(100*time.Millisecond))
	*plane = c
	code := tests.Run()
	if err := c.Stop(); err != nil {
		log.Printf("stopping the control plane: %v", err)
		code = max(code, 1)
	}
	return code
}

// MainWith is [Main] for tests of the program: it is built first, into a temporary
// folder, and its path is in gabion while the tests run.
func MainWith(tests interface{ Run() int }, plane **Cluster, gabion *string, o Options) int {
	log := o.logger()
	dir, err := os.MkdirTemp("", "gabion-")
	if err == nil {
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
		*gabion, err = binaries.Gabion(context.Background(), dir)
	}
	if err != nil {
		log.Printf("no test was run: %v", err)
		return 1
	}
	return Main(tests, plane, o)
}
