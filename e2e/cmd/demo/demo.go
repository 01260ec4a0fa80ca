package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/e2e/binaries"
	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/serve"
)

// run starts what is shown, shows it and stops it, also if this process is asked
// to end before. What is shown goes to out, word of what takes long to progress.
func run(out io.Writer, progress *log.Logger) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	root, err := binaries.Root(ctx)
	if err != nil {
		return err
	}
	c, err := cluster.Start(ctx, cluster.Options{WithoutPodSecurity: true, Log: progress})
	if err != nil {
		return interruption(ctx, err)
	}
	return errors.Join(perform(ctx, &show{cluster: c, root: root, out: out}), c.Stop())
}

// perform starts Gabion for the show and stops it.
func perform(ctx context.Context, s *show) error {
	program, err := binaries.Gabion(ctx, s.cluster.Dir())
	if err != nil {
		return interruption(ctx, err)
	}
	credentials, err := serve.WriteCredentials(s.cluster.Dir())
	if err != nil {
		return err
	}
	gabion, err := serve.Prepare(s.cluster, program, "gabion", s.cluster.Kubeconfig(), append(credentials, "--register")...)
	if err != nil {
		return err
	}
	if err = gabion.Start(ctx); err == nil {
		err = s.play(ctx)
	}
	return errors.Join(interruption(ctx, err), gabion.Kill(context.WithoutCancel(ctx)))
}

// interruption returns the error, or, if ctx has ended, that this is why.
func interruption(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return err
}

// show runs kubectl in the repository and prints what a terminal would show.
type show struct {
	cluster *cluster.Cluster
	root    string
	out     io.Writer
}

// play shows everything, in the order of its text.
func (s *show) play(ctx context.Context) error {
	s.printf("# Kubernetes %s without its own Pod Security admission, and beside it: gabion serve --register\n", s.cluster.Version())
	if err := s.fill(ctx); err != nil {
		return err
	}
	s.say("What would happen if all namespaces were labelled?")
	for _, level := range []string{"privileged", "baseline", "restricted"} {
		err := s.kubectl(ctx, accepted, "label", "--dry-run=server", "--overwrite", "ns", "--all", enforce+level)
		if err != nil {
			return err
		}
	}
	s.say("Enforce restricted on one. What runs there stays, and is named:")
	if err := s.kubectl(ctx, accepted, "label", "--overwrite", "ns", "default",
		enforce+"restricted", labels+"enforce-version=latest",
		labels+"warn=restricted", labels+"warn-version=latest",
		labels+"audit=restricted", labels+"audit-version=latest",
	); err != nil {
		return err
	}
	if err := s.awaitEnforcement(ctx, "default"); err != nil {
		return err
	}
	s.say("What is new has to comply, and a level has to be one:")
	if err := s.kubectl(ctx, refused, "run", "shell", "--image=busybox", "--namespace=default"); err != nil {
		return err
	}
	return s.kubectl(ctx, refused, "label", "--overwrite", "ns", "default", enforce+"strict")
}

const (
	labels  = "pod-security.kubernetes.io/"
	enforce = labels + "enforce="
)

// fill creates what is in the example cluster, whose namespaces every cluster
// has, and waits until Gabion knows its pods.
func (s *show) fill(ctx context.Context) error {
	args := []string{"apply", "-f", "examples/docker-desktop/default", "-f", "examples/docker-desktop/kube-system"}
	s.printf("$ kubectl %s >/dev/null\n", strings.Join(args, " "))
	cmd := s.cluster.Kubectl(ctx, args...)
	cmd.Dir = s.root
	cmd.Stderr = s.out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("kubectl apply: %w", err)
	}
	return s.cluster.Settle(ctx)
}

// The ends that a command may come to.
const (
	accepted = true
	refused  = false
)

// kubectl shows a command with what it prints. Another end than the expected one
// is an error.
func (s *show) kubectl(ctx context.Context, succeeds bool, args ...string) error {
	s.printf("$ kubectl %s\n", wrapped(args))
	cmd := s.cluster.Kubectl(ctx, args...)
	cmd.Dir = s.root
	cmd.Stdout, cmd.Stderr = s.out, s.out // one file: kubectl's own order
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return err
	case succeeds && err != nil:
		return fmt.Errorf("kubectl %s: %w", args[0], err)
	case !succeeds && err == nil:
		return fmt.Errorf("kubectl %s was not refused", args[0])
	}
	return nil
}

// wrapped joins the arguments of a command, each label in a line of its own if
// there are several.
func wrapped(args []string) string {
	first := slices.IndexFunc(args, func(arg string) bool { return strings.HasPrefix(arg, labels) })
	if first < 0 || first == len(args)-1 {
		return strings.Join(args, " ")
	}
	return strings.Join(append([]string{strings.Join(args[:first], " ")}, args[first:]...), " \\\n  ")
}

// awaitEnforcement waits until Gabion has heard of a namespace's new labels.
func (s *show) awaitEnforcement(ctx context.Context, namespace string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "probe"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i"}}},
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		_, err := s.cluster.Client().CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if apierrors.IsForbidden(err) {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting until %s is enforced: %w", namespace, ctx.Err())
		case <-tick.C:
		}
	}
}

// say shows a line of explanation.
func (s *show) say(format string, args ...any) {
	s.printf("\n# "+format+"\n", args...)
}

func (s *show) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(s.out, format, args...) // where nobody reads, nobody misses it
}
