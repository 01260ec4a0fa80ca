package cli

import (
	"bufio"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/internal/rbac"
	"github.com/gabion-security/gabion/internal/report"
)

type simulateOptions struct {
	system *System
	input  inputOptions
	user   string
	groups []string
	output string
}

// newPSPSimulate returns `gabion psp simulate`.
func newPSPSimulate(s *System) *cobra.Command {
	o := simulateOptions{system: s, input: inputOptions{system: s, json: true}}
	cmd := &cobra.Command{
		Use:   "simulate -f FILE...",
		Short: "Say what PodSecurityPolicy admission of Kubernetes 1.24 would do to pods",
		Long: `Say of every pod and pod template in the input what the PodSecurityPolicy plugin
of Kubernetes 1.24 would do when the pod is created: by which policy it is
admitted, what the policy changes in it, or why it is refused, in the plugin's
words. Policies, RBAC objects, service accounts, pods and workloads come in any
order and in any number of files.

A policy counts only if the pod's service account or who creates the pod may
"use" it. Who creates a Pod is --user; the pods of workloads are created by
their controllers. Without any RBAC object in the input, every policy counts.
Policies count as they are written: an API server without the feature gate
ProcMountType kept no allowedProcMountTypes.

Exit codes: 0 all are admitted, 1 some are not, 2 wrong usage, 3 something could
not be read or simulated. If several apply, the highest.`,
		Example: `  # What a cluster before 1.25 has
  kubectl get psp,clusterroles,clusterrolebindings,roles,rolebindings,sa,deploy,ds,sts,cronjobs -A -o yaml > cluster.yaml
  gabion psp simulate -f cluster.yaml

  # A pod as a user would create it
  gabion psp simulate -f cluster.yaml -f pod.yaml --user jane --group developers`,
		Args: func(_ *cobra.Command, args []string) error { return o.complete(args) },
		RunE: func(*cobra.Command, []string) error { return o.run() },
	}
	o.input.flags(cmd)
	flagGroup(cmd, "Who creates pods", func(fs *pflag.FlagSet) {
		fs.StringVar(&o.user, "user", "", "the `USER` who creates the pods in the input, as authentication names them")
		fs.StringSliceVar(&o.groups, "group", nil, "a `GROUP` that the user is in beside system:authenticated; may be repeated")
	})
	flagGroup(cmd, "Output", func(fs *pflag.FlagSet) {
		outputFlag(fs, &o.output, report.SimulationFormats())
	})
	complete(cmd, map[string][]string{"output": report.SimulationFormats()})
	return cmd
}

// complete finds faults of the command line before anything is read.
func (o *simulateOptions) complete(args []string) error {
	if err := o.input.complete(args); err != nil {
		return err
	}
	switch {
	case len(o.input.paths) == 0:
		return usagef("nothing to read: name files or directories with -f, or - for standard input")
	case len(o.groups) > 0 && o.user == "":
		return usagef("--group without --user: name the user who is in the group")
	}
	return nil
}

func (o *simulateOptions) run() error {
	backup := newBackup(newInput(&o.input))
	backup.read()
	authorizer := backup.authorizer()
	s := simulation{backup: backup, simulator: psp.NewSimulator(backup.policies, authorizer)}
	if o.user != "" {
		user := rbac.NewUser(o.user, o.groups...)
		s.user = &user
	}
	document := s.run()
	out := bufio.NewWriter(o.system.Stdout)
	err := report.WriteSimulation(out, o.output, o.system.style(), document)
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	sum := document.Summary
	backup.input.console.line(fmt.Sprintf("%d simulated, %d admitted, %d of them mutated, %d refused",
		sum.Pods, sum.Admitted, sum.Mutated, sum.Refused))
	switch {
	case len(document.Errors) > 0, len(document.NotChecked) > 0 && !o.input.allowUnchecked:
		return errIncomplete
	case sum.Refused > 0:
		return errFindings
	}
	return nil
}
