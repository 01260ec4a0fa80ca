package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"

	"sigs.k8s.io/yaml"
)

// plugin is a manifest of krew; what is not in it krew does not know.
type plugin struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Version          string     `json:"version"`
		ShortDescription string     `json:"shortDescription"`
		Description      string     `json:"description"`
		Caveats          string     `json:"caveats"`
		Homepage         string     `json:"homepage"`
		Platforms        []platform `json:"platforms"`
	} `json:"spec"`
}

type platform struct {
	URI      string `json:"uri"`
	Sha256   string `json:"sha256"`
	Bin      string `json:"bin"`
	Selector struct {
		MatchLabels map[string]string `json:"matchLabels"`
	} `json:"selector"`
	Files []struct {
		From string `json:"from"`
		To   string `json:"to"`
	} `json:"files"`
}

const tag = "v1.2.3"

// krewManifest fills in the template as krew-release-bot does.
func krewManifest(t *testing.T) plugin {
	t.Helper()
	text, err := os.ReadFile("../../.krew.yaml")
	if err != nil {
		t.Fatal(err)
	}
	filled := fill(t, string(text), template.FuncMap{"addURIAndSha": func(url, _ string) string {
		return "uri: " + fill(t, url, nil) + "\n    sha256: " + strings.Repeat("0a", 32)
	}})
	var p plugin
	if err := yaml.UnmarshalStrict([]byte(filled), &p); err != nil {
		t.Fatalf("%v in\n%s", err, filled)
	}
	return p
}

// fill fills in a template about the release.
func fill(t *testing.T, text string, functions template.FuncMap) string {
	t.Helper()
	parsed, err := template.New("").Funcs(functions).Option("missingkey=error").Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := parsed.Execute(&b, map[string]string{"TagName": tag}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTheKrewManifestIsOneThatKrewTakes(t *testing.T) {
	t.Parallel()
	p := krewManifest(t)
	if p.APIVersion != "krew.googlecontainertools.github.com/v1alpha2" || p.Kind != "Plugin" {
		t.Errorf("got %s %s", p.APIVersion, p.Kind)
	}
	if p.Metadata.Name != "gabion" || p.Spec.Version != tag || !strings.HasPrefix(p.Spec.Homepage, "https://") {
		t.Errorf("got name %q, version %q, homepage %q", p.Metadata.Name, p.Spec.Version, p.Spec.Homepage)
	}
	if short := p.Spec.ShortDescription; short == "" || len(short) > 50 || strings.ContainsAny(short, "\r\n") || strings.HasSuffix(short, ".") {
		t.Errorf("the short description %q is not one line of at most 50 characters without a stop", short)
	}
	for line := range strings.Lines(p.Spec.Description) {
		if len(strings.TrimSpace(line)) > 80 {
			t.Errorf("a line of the description is too long: %q", line)
		}
	}
	if !strings.Contains(p.Spec.Caveats, "kubectl_complete-gabion") {
		t.Errorf("the caveats do not tell of completion: %s", p.Spec.Caveats)
	}
}

func TestTheKrewManifestHasEveryPlatformOnce(t *testing.T) {
	t.Parallel()
	var got []string
	for _, platform := range krewManifest(t).Spec.Platforms {
		labels := platform.Selector.MatchLabels
		name := labels["os"] + "_" + labels["arch"]
		got = append(got, name)
		if len(labels) != 2 {
			t.Errorf("%s: krew selects by os and arch alone, not by %v", name, labels)
		}
		checkPlatform(t, name, &platform)
	}
	slices.Sort(got)
	want := "darwin_amd64 darwin_arm64 linux_amd64 linux_arm64 windows_amd64 windows_arm64"
	if strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// checkPlatform holds the archive of one platform against krew's rules.
func checkPlatform(t *testing.T, name string, p *platform) {
	t.Helper()
	url := fmt.Sprintf("https://github.com/gabion-security/gabion/releases/download/%s/kubectl-gabion_%s_%s.tar.gz", tag, tag, name)
	if p.URI != url {
		t.Errorf("%s: got URI %s, want %s", name, p.URI, url)
	}
	if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(p.Sha256) {
		t.Errorf("%s: %q is no SHA-256", name, p.Sha256)
	}
	bin, files := "kubectl-gabion", []string{"kubectl-gabion", "kubectl_complete-gabion", "LICENSE"}
	if strings.HasPrefix(name, "windows") {
		bin, files = "kubectl-gabion.exe", []string{"kubectl-gabion.exe", "LICENSE"}
	}
	var got []string
	for _, f := range p.Files {
		got = append(got, f.From)
		if f.To != "." {
			t.Errorf("%s: %s goes to %q", name, f.From, f.To)
		}
	}
	if p.Bin != bin || !slices.Equal(got, files) {
		t.Errorf("%s: got program %s, files %q; want %s, %q", name, p.Bin, got, bin, files)
	}
}
