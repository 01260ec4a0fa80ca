package upgrade

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/internal/upgrade"
	"github.com/gabion-security/gabion/pss"
)

// releases are those whose own code is run: each that brought a change which
// reaches pinned namespaces (v1.30, v1.33 and v1.35), and the one before it. Each
// has a file in oracle/release; that of v1.34 is go.mod.
var releases = []struct {
	minor   int
	modfile string
	program string
}{
	{26, "v1.26.mod", "plain"},
	{29, "v1.29.mod", "gated"},
	{30, "v1.30.mod", "gated"},
	{32, "v1.32.mod", "gated"},
	{33, "v1.33.mod", "gated"},
	{34, "go.mod", "gated"},
	{35, "v1.35.mod", "emulating"},
}

// newestAsked is the newest version that the programs are asked about; latest
// comes after it.
const newestAsked = 40

func TestAnAPIServerOfAnOldReleaseSaysWhatItsOwnCodeSays(t *testing.T) {
	t.Parallel()
	pods := somePods(t)
	for _, r := range releases {
		t.Run(pss.V1(r.minor).String(), func(t *testing.T) {
			t.Parallel()
			program := build(t, r.modfile, r.program)
			compare(t, upgrade.Server{Release: pss.V1(r.minor)}, ask(t, program, "off", pods), pods)
			if r.program == "gated" {
				gated := upgrade.Server{Release: pss.V1(r.minor), UserNamespacesGate: true}
				compare(t, gated, ask(t, program, "on", pods), pods)
			}
		})
	}
}

// compare holds Gabion's answers against those of a program.
func compare(t *testing.T, server upgrade.Server, answers []string, pods []pod) {
	t.Helper()
	differ := 0
	for i, p := range pods {
		line := answerOf(t, server, p)
		if line != answers[i] {
			t.Fatalf("%+v: pod %d (two digits a version: how many checks of baseline and of restricted it fails)\nupstream: %s\ngabion:   %s\n%s",
				server, i, answers[i], line, p.json)
		}
		if line != answerOf(t, upgrade.Server{Release: pss.NewestVersion()}, p) {
			differ++
		}
	}
	t.Logf("%+v: %d pods, of which %d get other verdicts from the newest release", server, len(pods), differ)
	if differ == 0 {
		t.Error("no pod shows that this release is another one")
	}
}

// build builds a program of oracle/release.
func build(t *testing.T, modfile, program string) (binary string) {
	t.Helper()
	binary = filepath.Join(t.TempDir(), program)
	command := exec.CommandContext(t.Context(), "go", "-C", "../../release", "build", "-tags="+program, "-modfile="+modfile, "-o", binary, "./"+program)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", command, err, output)
	}
	return binary
}

// ask runs a program over the pods.
func ask(t *testing.T, program, gate string, pods []pod) []string {
	t.Helper()
	var in bytes.Buffer
	for _, p := range pods {
		in.Write(p.json)
		in.WriteByte('\n')
	}
	command := exec.CommandContext(t.Context(), program, gate)
	var stderr bytes.Buffer
	command.Stdin, command.Stderr = &in, &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, stderr.Bytes())
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) != len(pods) {
		t.Fatalf("%d answers for %d pods", len(lines), len(pods))
	}
	return lines
}

// answerOf puts Gabion's answers into the shape of the programs'.
func answerOf(t *testing.T, server upgrade.Server, p pod) string {
	t.Helper()
	var line []byte
	for minor := range newestAsked + 2 {
		version := pss.V1(minor)
		if minor > newestAsked {
			version = pss.Latest
		}
		for _, level := range []pss.Level{pss.Baseline, pss.Restricted} {
			failed, err := server.Judge(&p.view, pss.LevelVersion{Level: level, Version: version})
			if err != nil {
				t.Fatal(err)
			}
			line = append(line, "0123456789abcdefghijklmnopqrstuvwxyz"[len(failed)])
		}
	}
	return string(line)
}

func toJSON(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
