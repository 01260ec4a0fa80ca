package cli

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/profile"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
)

// judgedSource is pods, and what they are judged by.
type judgedSource struct {
	sourceOptions

	level   parsed[pss.Level]
	version parsed[pss.Version]
	profile string
	config  string
}

func newJudgedSource(s *System) judgedSource {
	return judgedSource{
		sourceOptions: sourceOptions{input: inputOptions{system: s, extra: true, labels: true}},
		level:         levelFlag(), version: versionFlag(),
	}
}

// policyFlags defines the flags of what pods are judged by.
func (o *judgedSource) policyFlags(fs *pflag.FlagSet) {
	fs.Var(&o.level, "level", "the level to judge by, instead of the labels of namespaces: privileged, baseline, restricted")
	fs.Var(&o.version, "version", "the version of the standard to judge by: v1.25, latest")
	profileFlag(fs, &o.profile)
	exemptionsFlag(fs, &o.config)
}

// judged reports whether a flag says what pods are judged by.
func (o *judgedSource) judged() bool {
	return o.level.set || o.version.set || o.profile != "" || o.config != ""
}

// check finds faults of the flags.
func (o *judgedSource) check() error {
	if o.profile != "" && (o.level.set || o.version.set) {
		return usagef("--profile has a level and a version of its own: leave out --level and --version")
	}
	return nil
}

// find reads the source, and finds what is wrong with its pods when it is asked to.
func (o *judgedSource) find(ctx context.Context) (*finder, *inventory.Inventory, error) {
	f := &finder{files: len(o.input.paths) > 0}
	var err error
	if f.config, err = o.input.system.admissionConfig(o.config); err != nil {
		return nil, nil, fmt.Errorf("--admission-config: %w", err)
	}
	if o.level.set || o.version.set {
		f.flags = strict()
		if o.level.set {
			f.flags.Level = o.level.value
		}
		if o.version.set {
			f.flags.Version = o.version.value
		}
	}
	if o.profile != "" {
		var by *profile.Profile
		if by, err = readProfile(o.profile); err != nil {
			return nil, nil, err
		}
		f.profile, f.flags = by, by.Base()
	}
	inv, err := o.load(ctx)
	if err != nil {
		return nil, nil, err
	}
	console := newConsole(o.input.system)
	console.noteVersions(o.version.value, inv.Server.Version)
	noteProblems(console, inv, &o.sourceOptions)
	f.evaluator.Kubernetes = inv.Server.Version
	if !f.flags.Level.Valid() {
		for i := range inv.Namespaces {
			if _, wrong := modesOf(inv.Namespaces[i].Labels); len(wrong) > 0 {
				console.line(report.EscapeSentence(fmt.Sprintf("note: namespace %q: %v", inv.Namespaces[i].Name, wrong)))
			}
		}
	}
	if !f.flags.Level.Valid() && !f.files && o.config == "" {
		unlabelled := 0
		for i := range inv.Namespaces {
			if _, labelled := inv.Namespaces[i].Labels[pss.EnforceLabel]; !labelled {
				unlabelled++
			}
		}
		console.noteAssumption(unlabelled)
	}
	return f, inv, nil
}

// incomplete reports whether not everything was read.
func (o *judgedSource) incomplete(inv *inventory.Inventory) bool {
	return len(inv.Errors) > 0 || o.unknown > 0 || len(inv.NotChecked)+len(inv.Missing) > 0 && !o.input.allowUnchecked
}
