package match_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gabion-security/gabion/internal/match"
	"github.com/gabion-security/gabion/internal/timing"
)

func TestNamesAreCompletedAsRuntimesDoIt(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]match.Image{
		"nginx":                      {Repository: "docker.io/library/nginx"},
		"nginx:1.27":                 {Repository: "docker.io/library/nginx", Tag: "1.27"},
		"istio/proxyv2:1@sha256:ab":  {Repository: "docker.io/istio/proxyv2", Tag: "1", Digest: "sha256:ab"},
		"index.docker.io/a/b":        {Repository: "docker.io/a/b"},
		"localhost/a":                {Repository: "localhost/a"},
		"registry.example.com:5/a":   {Repository: "registry.example.com:5/a"},
		"Registry.example.com/a/b:x": {Repository: "registry.example.com/a/b", Tag: "x"},
		"":                           {Repository: "docker.io/library/"},
	} {
		if got := match.ParseImage(name); got.Repository != want.Repository || got.Tag != want.Tag || got.Digest != want.Digest {
			t.Errorf("%q is %+v, want %+v", name, got, want)
		}
	}
}

func TestPatternsMatchPartByPart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"docker.io/istio/proxyv2", "istio/proxyv2:1.24", true},
		{"docker.io/istio/proxyv2", "docker.io/istio/proxyv2@sha256:ab", true},
		{"docker.io/istio/proxyv2", "docker.io/istio/proxyv2-evil", false},
		{"docker.io/istio/proxyv2", "docker.io/istio/proxyv2/x", false},
		{"docker.io/istio/*", "docker.io/istio/x", true},
		{"docker.io/istio/*", "docker.io/istio-evil/x", false},
		{"docker.io/istio/*", "docker.io.evil/istio/x", false},
		{"docker.io/istio/*", "docker.io/istio", false},
		{"docker.io/istio/*", "docker.io/istio/x/y", false},
		{"docker.io/istio/*", "evil.io/docker.io/istio/x", false},
		{"docker.io/istio/*", "docker.io/istio/", false},
		{"ghcr.io/team/**", "ghcr.io/team/a", true},
		{"ghcr.io/team/**", "ghcr.io/team/a/b:1", true},
		{"ghcr.io/team/**", "ghcr.io/team", false},
		{"ghcr.io/team/**", "ghcr.io/teams/a", false},
		{"ghcr.io/**", "ghcr.io/a", true},
		{"ghcr.io/**", "ghcr.io.evil/a", false},
		{"ghcr.io/*/app", "ghcr.io/x/app", true},
		{"ghcr.io/*/app", "ghcr.io/x/y/app", false},
		{"docker.io/library/nginx:1.27", "nginx:1.27", true},
		{"docker.io/library/nginx:1.27", "nginx", false},
		{"docker.io/library/nginx:1.27", "nginx:1.27@sha256:ab", false},
		{"docker.io/library/nginx:1.27@sha256:ab", "nginx:1.27@sha256:ab", true},
		{"docker.io/library/nginx:1.27@sha256:ab", "nginx:1.27@sha256:ac", false},
		{"docker.io/library/nginx:1.27@sha256:ab", "nginx:1.28@sha256:ab", false},
		{"docker.io/library/nginx", "nginx:1.27@sha256:ab", true},
		{"docker.io/library/nginx@sha256:ab", "nginx:9@sha256:ab", true},
		{"docker.io/library/nginx@sha256:ab", "nginx:9@sha256:abc", false},
		{"docker.io/library/nginx@sha256:ab", "nginx", false},
		{"registry.example.com:5000/a", "registry.example.com:5000/a:x", true},
		{"registry.example.com:5000/a", "registry.example.com/a:x", false},
		{"docker.io/library/*", "", false},
	} {
		p, err := match.ParsePattern(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		image := match.ParseImage(c.name)
		for _, again := range []bool{false, true} {
			if got := p.Match(&image); got != c.want {
				t.Errorf("%s matches %q: %v, want %v; again: %v", c.pattern, c.name, got, c.want, again)
			}
		}
	}
	image := match.ParseImage("nginx")
	if (match.Pattern{}).Match(&image) {
		t.Error("the zero Pattern matches")
	}
}

// TestALongImageIsReadOnceHoweverManyPatternsAsk has one asked for a thousand times.
func TestALongImageIsReadOnceHoweverManyPatternsAsk(t *testing.T) {
	t.Parallel()
	p, err := match.ParsePattern("docker.io/*/app")
	if err != nil {
		t.Fatal(err)
	}
	image := match.ParseImage("docker.io/" + strings.Repeat("x", 4<<20))
	fastest := func(times int) time.Duration {
		return timing.Fastest(5, func() {
			asked := image // what was read of it is not in there
			for range times {
				if p.Match(&asked) {
					t.Fatal("it matches")
				}
			}
		})
	}
	if once, often := fastest(1), fastest(1000); often > 100*once {
		t.Errorf("%v for one pattern, %v for a thousand", once, often)
	}
}

func TestWhatIsNoPatternIsAnError(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "*", "**", "nginx", "istio/*", "*/istio/x", "*.io/a/b", "docker.io/*.evil/x", "docker.io/istio*", "docker.io//x", "docker.io/x/",
		"docker.io/nginx", "docker.io/istio/**/x", "docker.io/istio/x:*", "docker.io/istio/x:", "docker.io/istio/x@ab", "index.docker.io/a/b",
		"https://docker.io/a/b",
	} {
		if p, err := match.ParsePattern(text); err == nil {
			t.Errorf("%q is the pattern %+v", text, p)
		}
	}
}
