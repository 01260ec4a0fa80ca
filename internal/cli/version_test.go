package cli

import (
	"runtime/debug"
	"testing"
)

func TestTheVersionIsTheLinkersElseTheModules(t *testing.T) {
	t.Parallel()
	build := func(version string, settings ...debug.BuildSetting) *debug.BuildInfo {
		return &debug.BuildInfo{Main: debug.Module{Version: version}, Settings: settings}
	}
	revision := debug.BuildSetting{Key: "vcs.revision", Value: "abc"}
	for _, tt := range []struct {
		name, linked    string
		build           *debug.BuildInfo
		version, commit string
	}{
		{"nothing is known", "", nil, "devel", "unknown"},
		{"a build from a checkout", "", build("(devel)", revision), "devel", "abc"},
		{"a changed checkout", "", build("(devel)", revision, debug.BuildSetting{Key: "vcs.modified", Value: "true"}), "devel", "abc-dirty"},
		{"go install", "", build("v1.2.3"), "v1.2.3", "unknown"},
		{"a release", "v2.0.0", build("v1.2.3", revision), "v2.0.0", "abc"},
	} {
		got := versionOf(tt.linked, tt.build)
		if got.Version != tt.version || got.Commit != tt.commit {
			t.Errorf("%s: %s at %s, want %s at %s", tt.name, got.Version, got.Commit, tt.version, tt.commit)
		}
	}
}

func TestOnlyImagesOfReleasesAreTakenToExist(t *testing.T) {
	t.Parallel()
	for image, want := range map[string]bool{
		"ghcr.io/gabion-security/gabion:v1.2.3":                                     true,
		"ghcr.io/gabion-security/gabion:v1.2.3-rc.1":                                true,
		"ghcr.io/gabion-security/gabion:devel":                                      false,
		"ghcr.io/gabion-security/gabion:v0.0.0-20261130204737-f150643aaaaa":         false,
		"ghcr.io/gabion-security/gabion:v1.2.4-0.20261130204737-f150643aaaaa":       false,
		"ghcr.io/gabion-security/gabion:v1.2.4-0.20261130204737-f150643aaaaa-dirty": false,
	} {
		if got := isRelease(image); got != want {
			t.Errorf("%s is of a release: %v, want %v", image, got, want)
		}
	}
}
