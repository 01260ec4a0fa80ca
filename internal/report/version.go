package report

import (
	"io"
	"strings"
)

// Version says what program this is.
type Version struct {
	Version   string `json:"version"`
	Commit    string `json:"commit"`
	GoVersion string `json:"goVersion"`
	Platform  string `json:"platform"`
	// Standard is the newest version of the Pod Security Standards that the
	// program knows: what latest means to it.
	Standard string `json:"standard"`
}

// VersionFormats are the formats of a version.
func VersionFormats() []string { return []string{"text", "json", "yaml"} }

// WriteVersion writes the version in a format of [VersionFormats]; an unknown
// format is an error.
func WriteVersion(w io.Writer, format string, v Version) error {
	if format != "text" {
		return writeDocument(w, format, v)
	}
	lines := grid([][]string{
		{"gabion", v.Version}, {"commit", v.Commit}, {"go", v.GoVersion},
		{"platform", v.Platform}, {"standard", "Pod Security Standards up to " + v.Standard},
	})
	_, err := io.WriteString(w, strings.Join(lines, "\n")+"\n")
	return err
}
