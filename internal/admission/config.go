package admission

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/gabion-security/gabion/pss"
)

// Config is a configuration of Pod Security admission. It never changes; a new
// one replaces it. The zero Config is none: see [DefaultConfig].
type Config struct {
	// Defaults is the policy of namespaces without labels.
	Defaults pss.Policy
	// Exemptions are requests that are not judged.
	Exemptions Exemptions
}

// DefaultConfig returns the configuration of an API server that was given none:
// everything is privileged and nothing exempt.
func DefaultConfig() Config { return Config{Defaults: pss.DefaultPolicy()} }

// Equal reports whether two configurations are the same.
func (c Config) Equal(other Config) bool {
	a, b := c.Exemptions, other.Exemptions
	return c.Defaults == other.Defaults && maps.Equal(a.usernames, b.usernames) &&
		maps.Equal(a.namespaces, b.namespaces) && maps.Equal(a.runtimeClasses, b.runtimeClasses)
}

// check says whether anything can be judged by the configuration.
func (c Config) check() error {
	for _, lv := range []pss.LevelVersion{c.Defaults.Enforce, c.Defaults.Audit, c.Defaults.Warn} {
		if !lv.Level.Valid() || !lv.Version.Valid() {
			return errors.New("configuration required")
		}
	}
	return nil
}

// Exemptions are users, namespaces and runtime classes that are not judged. The
// zero Exemptions exempt nothing, and nothing exempts what has no name.
type Exemptions struct {
	usernames, namespaces, runtimeClasses map[string]struct{}
}

// NewExemptions returns exemptions by name. Names match exactly.
func NewExemptions(usernames, namespaces, runtimeClasses []string) Exemptions {
	return Exemptions{set(usernames), set(namespaces), set(runtimeClasses)}
}

func set(names []string) map[string]struct{} {
	s := make(map[string]struct{}, len(names))
	for _, name := range names {
		if name != "" {
			s[name] = struct{}{}
		}
	}
	return s
}

// Username reports whether requests of the user are exempt.
func (e Exemptions) Username(name string) bool { return has(e.usernames, name) }

// Namespace reports whether requests in the namespace are exempt.
func (e Exemptions) Namespace(name string) bool { return has(e.namespaces, name) }

// RuntimeClass reports whether pods of the runtime class are exempt.
func (e Exemptions) RuntimeClass(name string) bool { return has(e.runtimeClasses, name) }

func has(s map[string]struct{}, name string) bool {
	_, ok := s[name]
	return ok
}

// LoadConfig reads the configuration from a file, as [ParseConfig] does from
// data; without a file's name it is the default one. A path inside an
// AdmissionConfiguration is relative to the file.
//
// A file that says nothing of Pod Security is the default configuration too, as it
// is to an API server: one with nothing in it, or an AdmissionConfiguration without
// an entry for the plugin. It is seldom what somebody meant, so its name is returned
// as empty.
func LoadConfig(file string, readFile func(string) ([]byte, error)) (config Config, empty string, err error) {
	if file == "" {
		return DefaultConfig(), "", nil
	}
	data, err := readFile(file)
	if err != nil {
		return Config{}, "", fmt.Errorf("reading the configuration: %w", err)
	}
	last := file
	config, stated, err := parseConfig(data, func(path string) ([]byte, error) {
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(file), path)
		}
		last = path
		return readFile(path)
	})
	if err != nil {
		return Config{}, "", fmt.Errorf("%s: %w", file, err)
	}
	if !stated {
		empty = last
	}
	return config, empty, nil
}

// ParseConfig reads the configuration from YAML or JSON: a
// PodSecurityConfiguration (v1, v1beta1 or v1alpha1), alone or as the
// configuration of the plugin PodSecurity in an AdmissionConfiguration (v1 or
// v1alpha1), which may also name the file that holds it; readFile reads that
// file, and may be nil if there is none to be read. Data that says nothing of Pod
// Security is the default configuration. Unknown and repeated fields, unknown levels
// and versions, and exemptions that could never match are errors.
func ParseConfig(data []byte, readFile func(string) ([]byte, error)) (Config, error) {
	config, _, err := parseConfig(data, readFile)
	return config, err
}

// parseConfig is ParseConfig, and reports whether there was a configuration.
func parseConfig(data []byte, readFile func(string) ([]byte, error)) (config Config, stated bool, err error) {
	if len(data) == 0 {
		return DefaultConfig(), false, nil
	}
	d, err := parseDocument(data)
	if err != nil {
		return Config{}, false, err
	}
	if d.is(wrapperGroup, wrapperKind, "v1", "v1alpha1") {
		var wrapper AdmissionConfiguration
		if err := d.decode(&wrapper); err != nil {
			return Config{}, false, err
		}
		if data, err = wrapper.podSecurity(readFile); err != nil || len(data) == 0 {
			return DefaultConfig(), false, err
		}
		if d, err = parseDocument(data); err != nil {
			return Config{}, false, err
		}
	}
	config, err = d.config()
	return config, true, err
}

// podSecurity returns what an API server would hand to the PodSecurity plugin,
// nothing if that is nothing. The first entry of the name counts, and in it the
// nested object before the path.
func (w *AdmissionConfiguration) podSecurity(readFile func(string) ([]byte, error)) ([]byte, error) {
	for _, plugin := range w.Plugins {
		switch {
		case plugin.Name != pluginName:
			continue
		case len(plugin.Configuration) > 0 && string(plugin.Configuration) != "null":
			return plugin.Configuration, nil
		case plugin.Path == "":
			return nil, nil
		case readFile == nil:
			return nil, fmt.Errorf("the configuration of plugin %s is in another file, %q", pluginName, plugin.Path)
		}
		data, err := readFile(plugin.Path)
		if err != nil {
			return nil, fmt.Errorf("reading the configuration of plugin %s: %w", pluginName, err)
		}
		return data, nil
	}
	return nil, nil
}

// Names returns the names that are exempt, each list sorted.
func (e Exemptions) Names() (usernames, namespaces, runtimeClasses []string) {
	return slices.Sorted(maps.Keys(e.usernames)), slices.Sorted(maps.Keys(e.namespaces)), slices.Sorted(maps.Keys(e.runtimeClasses))
}
