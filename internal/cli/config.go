package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/internal/config"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/workload"
)

// noConfig is the value of --config that leaves every file out.
const noConfig = "none"

// configFlag defines --config.
func configFlag(fs *pflag.FlagSet, to *string) {
	fs.StringVar(to, "config", "", "the `FILE` of the configuration, or none; without it, the .gabion.yaml that is found upward from the input")
}

// configured is a configuration whose settings have become flags.
type configured struct {
	file  string // "" if there is none
	found bool   // rather than named
	set   []config.Setting
	// loosening are the keys that do not count beside --at-least.
	loosening []string
}

// configure finds the configuration of the input and sets the flags that the
// command line leaves open. What the command line says of a policy, that of the
// file does not add to.
func configure(fs *pflag.FlagSet, named string, paths []string) (*configured, error) {
	c, err := findConfig(named, paths)
	if err != nil || c.file == "" {
		return c, err
	}
	read := os.ReadFile // what --config names may be a pipe
	if c.found {
		read = config.Text
	}
	text, err := read(c.file)
	if err != nil {
		return nil, fileFault(c.file, err)
	}
	settings, err := config.Read(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", report.Escape(c.file), err)
	}
	given := map[string]bool{}
	fs.Visit(func(f *pflag.Flag) { given[f.Name] = true })
	for _, s := range settings {
		if given[s.Flag] || overruled(given, s.Flag) {
			continue
		}
		if c.found && given["at-least"] && loosens(s) {
			c.loosening = append(c.loosening, s.Key)
			continue
		}
		if err := c.apply(fs, s); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", report.Escape(c.file), s.Key, err)
		}
		c.set = append(c.set, s)
	}
	return c, nil
}

// overruled reports whether the flags that are given say what the flag is about.
func overruled(given map[string]bool, flag string) bool {
	switch flag {
	case "level", "version":
		return given["profile"]
	case "profile":
		return given["level"] || given["version"] || given["policy-dir"]
	case "policy-dir":
		return given["profile"]
	case "at-least":
		return given["profile"] || given["level"]
	case "baseline":
		return given["write-baseline"] // a new one
	}
	return false
}

// loosens reports whether a setting may let pass what would fail without it, beyond
// what --at-least bounds: whatever is not known to be harmless does.
func loosens(s config.Setting) bool {
	switch s.Flag {
	case "level", "version", "profile", "at-least", "output": // the floor is judged by the latest version, too
		return false
	case "no-ignores":
		return !slices.Equal(s.Values, []string{"true"})
	case "fail-on":
		return slices.Contains(s.Values, failOnNever)
	}
	return true
}

// findConfig returns which configuration counts.
func findConfig(named string, paths []string) (*configured, error) {
	switch named {
	case "":
	case noConfig:
		return &configured{}, nil
	default:
		return &configured{file: named}, nil
	}
	working, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("the configuration: %w", err)
	}
	var absolute []string
	for _, path := range paths {
		if path == workload.Stdin {
			path = working
		}
		if pattern, err := globOf(path); err == nil {
			path = pattern.base(path)
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(working, path)
		}
		absolute = append(absolute, path)
	}
	file, err := config.Find(absolute, working)
	if err != nil {
		return nil, err
	}
	if short, err := filepath.Rel(working, file); err == nil && file != "" {
		file = short
	}
	return &configured{file: file, found: true}, nil
}

// apply sets a flag.
func (c *configured) apply(fs *pflag.FlagSet, s config.Setting) error {
	flag := fs.Lookup(s.Flag)
	if flag == nil {
		return fmt.Errorf("there is no --%s here", s.Flag)
	}
	values := s.Values
	list, isList := flag.Value.(pflag.SliceValue)
	if s.Path {
		var err error
		if values, err = c.paths(values, isList); err != nil {
			return err
		}
	}
	if s.Flag == "output" && c.found && slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, "=") }) {
		return fmt.Errorf("which file is written is for the command line to say: -o %s", values[0])
	}
	if isList {
		return list.Replace(values)
	}
	if len(values) > 1 {
		return fmt.Errorf("one value is possible here, not %d", len(values))
	}
	return flag.Value.Set(values[0])
}

// paths returns what the configuration names: files of its own directory and below.
// A directory among them may hold no link that leads elsewhere; where a list is
// wanted, its files take its place.
func (c *configured) paths(values []string, isList bool) ([]string, error) {
	dir := filepath.Dir(c.file)
	var all []string
	for _, value := range values {
		path, err := config.Below(dir, value)
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(path)
		if err != nil || !info.IsDir() {
			all = append(all, path) // whoever reads it says what is wrong
			continue
		}
		files, err := exceptionFiles(path)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			below, err := filepath.Rel(dir, file)
			if err != nil {
				return nil, err
			}
			if _, err := config.Below(dir, below); err != nil {
				return nil, err
			}
		}
		if !isList {
			files = []string{path}
		}
		all = append(all, files...)
	}
	return all, nil
}

// sets reports whether the configuration decides about a flag.
func (c *configured) sets(flag string) bool {
	return slices.ContainsFunc(c.set, func(s config.Setting) bool { return s.Flag == flag })
}

// note tells of a configuration that was found, with all that it says: it came with
// the input and may ask for less than whoever judges it expects.
func (c *configured) note(console *console) {
	if len(c.loosening) > 0 {
		console.line(fmt.Sprintf("note: --at-least: %s of %s %s not count; name the file with --config if it is to be trusted",
			strings.Join(c.loosening, ", "), report.Escape(c.file), choose(len(c.loosening), "does", "do")))
	}
	if !c.found || len(c.set) == 0 {
		return
	}
	var said []string
	for _, s := range c.set {
		said = append(said, s.String())
	}
	console.line(fmt.Sprintf("note: %s says %s; --config=none leaves it out", report.Escape(c.file), report.EscapeSentence(strings.Join(said, " "))))
}

// policy reports whether a part of the policy is the configuration's.
func (c *configured) policy() bool { return c.sets("level") || c.sets("version") || c.sets("profile") }
