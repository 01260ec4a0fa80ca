package helm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/strvals"
)

// Settings are values as Helm's flags give them: what comes later here wins.
type Settings struct {
	Files   []string // --values
	JSON    []string // --set-json
	Set     []string // --set
	String  []string // --set-string
	File    []string // --set-file
	Literal []string // --set-literal
}

// Check finds what is wrong with the settings before a file is read.
func (s *Settings) Check() error {
	for _, f := range s.Files {
		switch {
		case f == "-":
			return errors.New("--values: standard input is for manifests: name a file")
		case strings.Contains(f, "://"):
			return fmt.Errorf("--values: %q is no local file, and nothing is fetched here", f)
		}
	}
	_, err := s.inline(map[string]any{}, func([]rune) (any, error) { return "", nil })
	return err
}

// Merge reads the files and returns the values.
func (s *Settings) Merge() (map[string]any, error) {
	values := map[string]any{}
	for _, f := range s.Files {
		text, err := readValues(f)
		if err != nil {
			return nil, &Fault{Path: f, Err: err}
		}
		own, err := loader.LoadValues(bytes.NewReader(text))
		if err != nil {
			return nil, &Fault{Path: f, Err: oneLine(fmt.Errorf("the values are no YAML map: %w", err))}
		}
		values = loader.MergeMaps(values, own)
	}
	return s.inline(values, func(name []rune) (any, error) {
		text, err := os.ReadFile(string(name))
		return string(text), err
	})
}

// maxValues is how large a file of values may be: a chart copies and merges them.
const maxValues = 4 << 20

func readValues(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, cannotRead(err)
	}
	defer func() { _ = file.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(file, maxValues+1))
	switch {
	case err != nil:
		return nil, cannotRead(err)
	case len(text) > maxValues:
		return nil, fmt.Errorf("it is larger than %d MiB, too large for values: leave out what the chart does not use", maxValues>>20)
	}
	return text, nil
}

// inline adds what the flags themselves say.
func (s *Settings) inline(values map[string]any, read strvals.RunesValueReader) (map[string]any, error) {
	for _, text := range s.JSON {
		if strings.HasPrefix(strings.TrimSpace(text), "{") {
			var own map[string]any
			if err := json.Unmarshal([]byte(text), &own); err != nil {
				return nil, fmt.Errorf("--set-json: %q is no JSON: %w", text, err)
			}
			values = loader.MergeMaps(values, own)
			continue
		}
		if err := strvals.ParseJSON(text, values); err != nil {
			return nil, wrong("--set-json", text, err)
		}
	}
	for _, flag := range []struct {
		name  string
		texts []string
		parse func(string, map[string]any) error
	}{
		{"--set", s.Set, strvals.ParseInto},
		{"--set-string", s.String, strvals.ParseIntoString},
		{"--set-file", s.File, func(text string, to map[string]any) error { return strvals.ParseIntoFile(text, to, read) }},
		{"--set-literal", s.Literal, strvals.ParseLiteralInto},
	} {
		for _, text := range flag.texts {
			if err := flag.parse(text, values); err != nil {
				return nil, wrong(flag.name, text, err)
			}
		}
	}
	return values, nil
}

func wrong(flag, text string, err error) error {
	return oneLine(fmt.Errorf("%s: %q is not KEY=VALUE: %w", flag, text, err))
}

// CheckReleaseName finds what is wrong with the name of a release.
func CheckReleaseName(name string) error {
	if err := chartutil.ValidateReleaseName(name); err != nil {
		return fmt.Errorf("%q is no name of a release: lower case letters, digits, - and ., at most 53", name)
	}
	return nil
}
