package cli

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/pss"
)

// parsed is a flag whose text has to be read; a wrong one is wrong usage.
type parsed[T any] struct {
	parse func(string) (T, error)
	name  string // of its kind of value, for the help
	text  string
	value T
	set   bool
}

// Set reads the text.
func (p *parsed[T]) Set(text string) error {
	value, err := p.parse(text)
	if err != nil {
		return err
	}
	p.value, p.text, p.set = value, text, true
	return nil
}

// String returns the text as it was given.
func (p *parsed[T]) String() string { return p.text }

// Type names the kind of value.
func (p *parsed[T]) Type() string { return p.name }

func levelFlag() parsed[pss.Level] {
	return parsed[pss.Level]{parse: pss.ParseLevel, name: "LEVEL"}
}

func versionFlag() parsed[pss.Version] {
	return parsed[pss.Version]{parse: pss.ParseVersion, name: "VERSION"}
}

// kubernetesFlag reads the minor of an API server.
func kubernetesFlag() parsed[pss.Version] {
	return parsed[pss.Version]{name: "VERSION", parse: func(s string) (pss.Version, error) {
		// People write 1.33, and what kubectl version says: v1.33.4.
		minor := "v" + strings.TrimPrefix(s, "v")
		if i := strings.LastIndexByte(minor, '.'); strings.Count(minor, ".") == 2 {
			if _, err := strconv.ParseUint(minor[i+1:], 10, 16); err == nil {
				minor = minor[:i]
			}
		}
		v, err := pss.ParseVersion(minor)
		if err != nil || v == pss.Latest || s == "v" {
			return 0, errors.New("must be a release of Kubernetes, such as v1.33")
		}
		return v, nil
	}}
}

// parseEnforce reads LEVEL[:VERSION].
func parseEnforce(s string) (pss.LevelVersion, error) {
	level, version, pinned := strings.Cut(s, ":")
	l, err := pss.ParseLevel(level)
	if err != nil {
		return pss.LevelVersion{}, err
	}
	if !pinned {
		return pss.LevelVersion{Level: l}, nil
	}
	v, err := pss.ParseVersion(version)
	if err != nil {
		return pss.LevelVersion{}, err
	}
	return pss.LevelVersion{Level: l, Version: v}, nil
}

// outputFlag defines -o; the first format is the default.
func outputFlag(fs *pflag.FlagSet, to *string, formats []string) {
	*to = formats[0]
	format := choice{to: to, values: formats}
	switch formats[0] { // what is for people is a table in one command and not in another
	case "text":
		format.also = "table"
	case "table":
		format.also = "text"
	}
	fs.VarP(&format, "output", "o", "the format: "+strings.Join(formats, ", "))
}

// choice is a flag with a few possible values.
type choice struct {
	to     *string
	values []string
	also   string // another name of the first of them
	name   string // of its kind of value, FORMAT if it is empty
}

// Set takes one of the values.
func (c *choice) Set(text string) error {
	if text == c.also && text != "" {
		text = c.values[0]
	}
	if !slices.Contains(c.values, text) {
		return errors.New("must be one of " + strings.Join(c.values, ", "))
	}
	*c.to = text
	return nil
}

// String returns the value chosen.
func (c *choice) String() string { return *c.to }

// Type names the kind of value.
func (c *choice) Type() string { return cmp.Or(c.name, "FORMAT") }

// complete offers the values of flags to the shell, and versions for those of the
// command's flags that want one. The flags are all there.
func complete(cmd *cobra.Command, values map[string][]string) {
	for name, choices := range values {
		offer(cmd, name, choices)
	}
	offer(cmd, "version", append([]string{pss.Latest.String()}, versionsSince(pss.V1(0))...))
	offer(cmd, "kubernetes-version", versionsSince(pss.V1(0)))
}

func offer(cmd *cobra.Command, flag string, choices []string) {
	// The error says that there is no such flag, or two completions.
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveKeepOrder))
}

// versionsSince are the versions from one on that are known, the newest first.
func versionsSince(oldest pss.Version) (names []string) {
	for v := pss.NewestVersion(); v >= oldest; v-- {
		names = append(names, v.String())
	}
	return names
}

func levelNames() []string {
	var names []string
	for _, l := range pss.Levels() {
		names = append(names, l.String())
	}
	return names
}
