// Package container holds the program that the Containerfile builds to what it
// is started in: an image with nothing else in it.
package container

import (
	"debug/buildinfo"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/e2e/binaries"
)

// buildCommand returns the command by which the Containerfile builds the
// program.
func buildCommand(t *testing.T, root string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "Containerfile"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if command, ok := strings.CutPrefix(line, "RUN "); ok && strings.Contains(command, "go build") {
			return command
		}
	}
	t.Fatal("the Containerfile builds nothing")
	return ""
}

func TestTheProgramOfTheContainerNeedsNothingElseAndSaysItsVersion(t *testing.T) {
	t.Parallel()
	root, err := binaries.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	const place = "/out/gabion"
	command := strings.ReplaceAll(buildCommand(t, root), place, filepath.Join(dir, "gabion"))
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", command)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "VERSION=v1.2.3")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	program := filepath.Join(dir, "gabion")

	file, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // only read
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("the program has a segment %s: it is not static", p.Type)
		}
	}
	if file.Section(".symtab") != nil {
		t.Error("the program was not stripped")
	}
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if settings["CGO_ENABLED"] != "0" || settings["-trimpath"] != "true" {
		t.Errorf("the program was built with CGO_ENABLED=%s and -trimpath=%s", settings["CGO_ENABLED"], settings["-trimpath"])
	}

	version := exec.CommandContext(t.Context(), program, "version")
	version.Env = []string{} // there is none in the image
	version.Dir = dir
	out, err := version.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "v1.2.3") {
		t.Errorf("gabion version: %v\n%s", err, out)
	}
}
