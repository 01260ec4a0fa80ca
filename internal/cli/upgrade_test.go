package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/snapshot"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

const labelled = `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: baseline}}
---
apiVersion: v1
kind: Pod
metadata: {name: probe, namespace: shop}
spec: {containers: [{name: app, livenessProbe: {tcpSocket: {host: 10.0.0.1, port: 1}}}]}
`

// snapshotOf writes a snapshot of a cluster with the labelled namespace.
func snapshotOf(t *testing.T, server inventory.Server, missing ...inventory.Missing) (file string) {
	t.Helper()
	reader, err := workload.NewReader(workload.Options{Stored: true})
	if err != nil {
		t.Fatal(err)
	}
	var w snapshot.Writer
	w.Rest.Server, w.Rest.Missing = server, missing
	for item := range reader.Read("cluster", strings.NewReader(labelled)) {
		w.Add(&item)
	}
	var out bytes.Buffer
	if _, err := w.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "cluster.json.gz")
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAnUpgradeOfASnapshotBeginsAtItsOwnRelease(t *testing.T) {
	t.Parallel()
	const denied = "  shop       enforce, warn  baseline:latest  pod/probe  pod   hostProbesAndHostLifecycle  v1.34    v1.33\n"
	old := snapshotOf(t, inventory.Server{Release: "v1.33.4+k3s1", Version: pss.V1(33)})
	emulating := snapshotOf(t, inventory.Server{Release: "v1.37.0", Version: pss.V1(35)})
	newer := snapshotOf(t, inventory.Server{Release: "v1.99.0", Version: pss.V1(99)})
	nameless := snapshotOf(t, inventory.Server{})
	partly := snapshotOf(t, inventory.Server{Release: "v1.33.0", Version: pss.V1(33)},
		inventory.Missing{Resource: "deployments.apps", Namespace: "shop", Reason: "forbidden"})
	for name, test := range map[string]struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		"its own release":                    {[]string{"--from=" + old, "--exit-code"}, 1, denied, ""},
		"to the release that is named":       {[]string{"--from=" + old, "--to=v1.33", "--exit-code"}, 0, "Changes from v1.33 to v1.33\n  none\n", ""},
		"a release that is named instead":    {[]string{"--from=" + old, "--from=v1.34", "--exit-code"}, 0, "Changes from v1.34 to v1.37\n", ""},
		"in the other order":                 {[]string{"--from=v1.34", "--from=" + old, "--exit-code"}, 0, "Changes from v1.34 to v1.37\n", ""},
		"the release that a server emulates": {[]string{"--from=" + emulating}, 0, "Changes from v1.37 as v1.35 to v1.37\n", ""},
		"what could not be listed":           {[]string{"--from=" + partly, "--exit-code"}, 3, denied, "deployments.apps in namespace shop could not be listed: forbidden\n"},
		"a release that is not known": {
			[]string{"--from=" + newer}, 3, "", "the API server: v1.99 is newer than this program, which knows up to v1.37",
		},
		"a release past the one to upgrade to": {
			[]string{"--from=" + old, "--to=v1.32"}, 3, "", "the API server: v1.33 is newer than the release to upgrade to, v1.32",
		},
		"no release":                      {[]string{"--from=" + nameless}, 3, "", "the API server's release is not known: name it with --from=VERSION"},
		"no release, but one is named":    {[]string{"--from=" + nameless, "--from=v1.33"}, 0, denied, ""},
		"one without a v":                 {[]string{"--from=" + nameless, "--from=1.33"}, 0, denied, ""},
		"a patch release":                 {[]string{"--from=" + nameless, "--from=v1.33.4"}, 0, denied, ""},
		"a version with a mistake":        {[]string{"--from=v1.33.4.5"}, 2, "", "must be a release of Kubernetes, such as v1.33"},
		"a file that is not there":        {[]string{"--from=./v1.33"}, 3, "", "./v1.33: no such file or directory"},
		"a list of changes reads nothing": {[]string{"--from=v1.33", "--from=" + old, "--changes"}, 2, "", "--changes reads nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, stdout, stderr := system(append([]string{"upgrade"}, test.args...)...)
			if code := Main(s); code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			if got := stdout.String(); !strings.Contains(got, test.stdout) || test.stdout == "" && got != "" {
				t.Errorf("standard output: %s\nwant: %s", got, test.stdout)
			}
			if got := stderr.String(); !strings.Contains(got, test.stderr) || test.stderr == "" && got != "" {
				t.Errorf("standard error: %s\nwant: %s", got, test.stderr)
			}
		})
	}
}
