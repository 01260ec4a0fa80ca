// Command cluster runs a control plane for a person until it is interrupted, or,
// as `cluster build`, only makes sure that the programs for one are built.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/gabion-security/gabion/e2e/binaries"
	"github.com/gabion-security/gabion/e2e/cluster"
)

func main() {
	logger := log.New(os.Stderr, "", 0)
	if err := run(os.Args[1:], os.Stdout, logger); err != nil {
		logger.Print(err)
		os.Exit(1)
	}
}

// run starts a control plane, says how to use it, and stops it when this process
// is asked to end.
func run(args []string, out io.Writer, logger *log.Logger) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	flags := flag.NewFlagSet("cluster", flag.ContinueOnError)
	flags.SetOutput(logger.Writer())
	podSecurity := flags.Bool("pod-security", true, "leave the built-in PodSecurity plugin on")
	emulated := flags.String("emulated-version", "", "the Kubernetes minor to behave as, such as 1.34")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.Arg(0) == "build" {
		_, err := binaries.ControlPlane124(ctx, logger) // with all that the other one needs
		return err
	}
	programs, err := binaries.ControlPlane(ctx, logger)
	if err != nil {
		return err
	}
	c, err := cluster.Start(ctx, cluster.Options{
		WithoutPodSecurity: !*podSecurity, EmulatedVersion: *emulated, Binaries: programs, Log: logger,
	})
	if err != nil {
		return err
	}
	defer func() {
		if stopped := c.Stop(); err == nil {
			err = stopped
		}
	}()
	logger.Printf("Kubernetes %s at %s, until Ctrl-C. Its kubectl: %s", c.Version(), c.URL(), c.KubectlPath())
	if _, err := fmt.Fprintf(out, "export KUBECONFIG=%s\n", c.Kubeconfig()); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case <-c.APIServer.Ended():
		return c.APIServer.Err()
	case <-c.Etcd.Ended():
		return c.Etcd.Err()
	}
}
