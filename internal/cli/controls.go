package cli

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
)

type controlsOptions struct {
	system  *System
	level   parsed[pss.Level]
	version parsed[pss.Version]
	profile bool
	output  string
}

// newControls returns `gabion controls`.
func newControls(s *System) *cobra.Command {
	o := controlsOptions{system: s, level: levelFlag(), version: versionFlag()}
	cmd := &cobra.Command{
		Use:   "controls",
		Short: "List the controls of the Pod Security Standards",
		Long: `List the controls of the Pod Security Standards with the controls of
PodSecurityPolicy that they correspond to.

Without --level and --version every control is listed, together with a row that
older tables of the standard had. With either, only what is in force at that level
and version is listed, without the controls that a stricter one replaces; what is
not given is restricted, or latest. With --profiles, the controls that only
profiles have (gabion check --profile) are listed instead.`,
		Example: `  gabion controls
  # What baseline asked for in Kubernetes 1.25
  gabion controls --level=baseline --version=v1.25
  gabion controls -o markdown > controls.md`,
		Args: func(cmd *cobra.Command, args []string) error {
			if o.profile && (o.level.set || o.version.set) {
				return usagef("--profiles lists what no level has: leave out --level and --version")
			}
			return noArgs(cmd, args)
		},
		RunE: func(*cobra.Command, []string) error { return o.run() },
	}
	flagGroup(cmd, "Filter", func(fs *pflag.FlagSet) {
		fs.Var(&o.level, "level", "list what is in force at this level: privileged, baseline, restricted")
		fs.Var(&o.version, "version", "list what is in force at this version of the standard: v1.25, latest")
		fs.BoolVar(&o.profile, "profiles", false, "list the controls that profiles have beyond the standard")
	})
	flagGroup(cmd, "Output", func(fs *pflag.FlagSet) {
		outputFlag(fs, &o.output, report.ControlFormats())
	})
	complete(cmd, map[string][]string{"level": levelNames(), "output": report.ControlFormats()})
	return cmd
}

func (o *controlsOptions) run() error {
	list := report.Controls{APIVersion: report.APIVersion, Kind: "ControlList", Controls: []report.Control{}}
	switch {
	case o.profile:
		list.Controls = profileRows()
		return report.WriteControls(o.system.Stdout, o.output, o.system.style(), &list)
	case !o.level.set && !o.version.set:
		for _, c := range pss.Controls() {
			list.Controls = append(list.Controls, controlRow(&c, pss.Latest))
		}
		for _, r := range pss.RetiredControls() {
			list.Controls = append(list.Controls, retiredRow(&r))
		}
	default:
		lv := o.policy()
		newConsole(o.system).noteVersions(lv.Version)
		list.Policy = lv.String()
		for _, c := range pss.ControlsAt(lv) {
			list.Controls = append(list.Controls, controlRow(&c, lv.Version))
		}
	}
	inPageOrder(list.Controls)
	return report.WriteControls(o.system.Stdout, o.output, o.system.style(), &list)
}

// policy fills in what the flags leave open.
func (o *controlsOptions) policy() pss.LevelVersion {
	lv := pss.LevelVersion{Level: pss.Restricted, Version: pss.Latest}
	if o.level.set {
		lv.Level = o.level.value
	}
	if o.version.set {
		lv.Version = o.version.value
	}
	return lv
}
