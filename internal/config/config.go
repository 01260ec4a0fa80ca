package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/internal/document"
)

// Name is the name of the file.
const Name = ".gabion.yaml"

// Config is what the file may say. Each key is a flag of gabion check, and its
// values are the flag's.
type Config struct {
	Level             string   `json:"level,omitempty" flag:"level"`
	Version           string   `json:"version,omitempty" flag:"version"`
	AtLeast           string   `json:"atLeast,omitempty" flag:"at-least"`
	KubernetesVersion string   `json:"kubernetesVersion,omitempty" flag:"kubernetes-version"`
	Profile           string   `json:"profile,omitempty" flag:"profile" path:"true"`
	PolicyDir         string   `json:"policyDir,omitempty" flag:"policy-dir" path:"true"`
	Exceptions        []string `json:"exceptions,omitempty" flag:"exceptions" path:"true"`
	Namespace         string   `json:"namespace,omitempty" flag:"namespace"`
	PodTemplatePaths  []string `json:"podTemplatePaths,omitempty" flag:"pod-template-path"`
	Excludes          []string `json:"excludes,omitempty" flag:"exclude"`
	AllowUnchecked    bool     `json:"allowUnchecked,omitempty" flag:"allow-unchecked"`
	Baseline          string   `json:"baseline,omitempty" flag:"baseline" path:"true"`
	NoIgnores         bool     `json:"noIgnores,omitempty" flag:"no-ignores"`
	FailOn            string   `json:"failOn,omitempty" flag:"fail-on"`
	Formats           []string `json:"formats,omitempty" flag:"output"`
}

// Setting is one key with its values.
type Setting struct {
	Key, Flag string
	Values    []string
	// Path says that the values are paths, relative to the file.
	Path bool
}

// String writes the setting as a flag would be: key=value.
func (s Setting) String() string { return s.Key + "=" + strings.Join(s.Values, ",") }

// Read reads a file. It may be empty; what it says it has to say so that it is
// understood: the error names the key in one line.
func Read(text []byte) ([]Setting, error) {
	documents, err := document.Read(text)
	switch {
	case err != nil:
		return nil, err
	case len(documents) == 0:
		return nil, nil
	case len(documents) > 1:
		return nil, fmt.Errorf("the configuration is one document, and here are %d", len(documents))
	}
	var stated map[string]any
	if err := documents[0].Peek(&stated); err != nil {
		return nil, err
	}
	if err := mistyped(stated); err != nil {
		return nil, err
	}
	var c Config
	if err := documents[0].DecodeFields(&c); err != nil {
		return nil, err
	}
	all, err := c.settings(stated)
	if err != nil {
		return nil, err
	}
	if c.Profile != "" && (c.Level != "" || c.Version != "" || c.AtLeast != "") {
		return nil, errors.New("profile has a level and a version of its own: leave out level, version and atLeast")
	}
	if c.Profile != "" && c.PolicyDir != "" {
		return nil, errors.New("profile judges instead of guards: leave out policyDir, or have a guard in it name the profile")
	}
	return all, nil
}

// fields yields the keys of Config with their fields.
func fields(yield func(key string, f reflect.StructField) bool) {
	for f := range reflect.TypeFor[Config]().Fields() {
		if key, _, _ := strings.Cut(f.Tag.Get("json"), ","); !yield(key, f) {
			return
		}
	}
}

// mistyped says which key has a value of another type.
func mistyped(stated map[string]any) error {
	for key, f := range fields {
		value := stated[key]
		if value == nil {
			continue
		}
		switch f.Type.Kind() {
		case reflect.String:
			if _, ok := value.(string); !ok {
				return fmt.Errorf("%s must be text: put it in quotes", key)
			}
		case reflect.Bool:
			if _, ok := value.(bool); !ok {
				return fmt.Errorf("%s must be true or false", key)
			}
		default:
			list, ok := value.([]any)
			if !ok || slices.ContainsFunc(list, func(v any) bool { _, ok := v.(string); return !ok }) {
				return fmt.Errorf("%s must be a list of texts: [a, b]", key)
			}
		}
	}
	return nil
}

// settings returns the keys that are stated, in the order of Config.
func (c *Config) settings(stated map[string]any) ([]Setting, error) {
	var all []Setting
	v := reflect.ValueOf(c).Elem()
	for key, f := range fields {
		value, ok := stated[key]
		if !ok {
			continue
		}
		s := Setting{Key: key, Flag: f.Tag.Get("flag"), Path: f.Tag.Get("path") != ""}
		switch value := v.FieldByIndex(f.Index).Interface().(type) {
		case string:
			s.Values = []string{value}
		case []string:
			s.Values = value
		case bool:
			s.Values = []string{fmt.Sprint(value)}
		}
		if value == nil || len(s.Values) == 0 {
			return nil, fmt.Errorf("%s has no value: give it one, or remove it", s.Key)
		}
		for _, value := range s.Values {
			if value == "" {
				return nil, fmt.Errorf("%s has an empty value: give it one, or remove it", s.Key)
			}
		}
		all = append(all, s)
	}
	return all, nil
}
