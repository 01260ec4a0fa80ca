package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/internal/baseline"
	"github.com/gabion-security/gabion/internal/report"
)

// marks are what stands near the beginning of a report by its format. Those that
// are lines of text have none.
var marks = map[string]string{
	"json": `"kind": "CheckReport"`, "yaml": "kind: CheckReport", "sarif": "sarif-schema", "junit": "<testsuites", "gitlab": `"check_name"`,
	"html": "<!DOCTYPE html>", "openreports": "openreports.io/", "policyreport": "wgpolicyk8s.io/", "markdown": "# Pod Security",
}

// sources are the endings of files that people write, which no line of text
// belongs into.
var sources = []string{".yaml", ".yml", ".json", ".tpl", ".tgz", ".gz", ".md"}

// keepsFiles refuses to write onto what is read, or onto a file that is something
// else than what is written.
func (o *checkOptions) keepsFiles() error {
	for _, out := range o.outputs {
		if out.file == "" {
			continue
		}
		flag := "--output=" + out.format + "=" + out.file
		if o.baseline.write != "" && filepath.Clean(o.baseline.write) == out.file {
			return usagef("%s: the baseline is written there", flag)
		}
		if err := notOnto(flag, out.file, slices.Concat(o.input.paths, []string{o.baseline.read})); err != nil {
			return err
		}
		if text, ok := beginning(out.file, 4<<10); ok && !out.replaces(text) {
			return usagef("%s: the file is there, and is no report of this format: remove it, or name another", flag)
		}
	}
	if file := o.baseline.write; file != "" {
		flag := "--write-baseline=" + file
		if err := notOnto(flag, file, o.input.paths); err != nil {
			return err
		}
		if text, ok := beginning(file, 1<<30); ok {
			if _, err := baseline.Read(text); err != nil {
				return usagef("%s: the file is there, and is no baseline: remove it, or name another", flag)
			}
		}
	}
	return nil
}

// replaces reports whether a report may take the place of a file that begins so.
func (o output) replaces(text []byte) bool {
	mark, ok := marks[o.format]
	switch {
	case !ok:
		return !slices.Contains(sources, strings.ToLower(filepath.Ext(o.file)))
	case o.format == "gitlab":
		list := bytes.TrimSpace(text)
		return string(list) == "[]" || bytes.HasPrefix(list, []byte("[")) && bytes.Contains(list, []byte(mark))
	}
	return bytes.Contains(text, []byte(mark))
}

// notOnto refuses a file that is one of the inputs, by whatever name.
func notOnto(flag, file string, inputs []string) error {
	to, err := os.Stat(file)
	if err != nil || !to.Mode().IsRegular() {
		return nil //nolint:nilerr // nothing is lost
	}
	for _, path := range inputs {
		if from, err := os.Stat(path); err == nil && os.SameFile(from, to) {
			return usagef("%s: it is read, as %s: nothing is written onto the input", flag, report.Escape(path))
		}
	}
	return nil
}

// beginning is what a plain file begins with, false if there is nothing in it.
func beginning(file string, most int64) ([]byte, bool) {
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() {
		return nil, false
	}
	f, err := os.Open(file)
	if err != nil {
		return []byte(fmt.Sprint(err)), true // what cannot be read is not known to be ours
	}
	defer func() { _ = f.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(f, most))
	return text, err != nil || len(bytes.TrimSpace(text)) > 0
}
