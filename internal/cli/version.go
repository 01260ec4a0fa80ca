package cli

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
)

type versionOptions struct {
	system *System
	output string
}

// newVersion returns `gabion version`.
func newVersion(s *System) *cobra.Command {
	o := versionOptions{system: s}
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Say which version this is, and which standard it knows",
		Example: "  gabion version\n  gabion version -o json",
		Args:    noArgs,
		RunE:    func(*cobra.Command, []string) error { return o.run() },
	}
	flagGroup(cmd, "Output", func(fs *pflag.FlagSet) {
		outputFlag(fs, &o.output, report.VersionFormats())
	})
	complete(cmd, map[string][]string{"output": report.VersionFormats()})
	return cmd
}

func (o *versionOptions) run() error {
	build, _ := debug.ReadBuildInfo()
	return report.WriteVersion(o.system.Stdout, o.output, versionOf(o.system.Version, build))
}

// versionOf puts together what the linker, if anybody told it, and the Go
// command wrote into the program. The build may be nil.
func versionOf(linked string, build *debug.BuildInfo) report.Version {
	v := report.Version{
		Version: linked, Commit: "unknown", GoVersion: runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH, Standard: pss.NewestVersion().String(),
	}
	if build == nil {
		build = &debug.BuildInfo{}
	}
	if v.Version == "" && build.Main.Version != "(devel)" {
		v.Version = build.Main.Version
	}
	if v.Version == "" {
		v.Version = "devel"
	}
	modified := false
	for _, setting := range build.Settings {
		switch setting.Key {
		case "vcs.revision":
			v.Commit = setting.Value
		case "vcs.modified":
			modified = setting.Value == "true"
		}
	}
	if modified {
		v.Commit += "-dirty"
	}
	return v
}
