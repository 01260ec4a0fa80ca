package cluster

import (
	"context"
	"time"
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
