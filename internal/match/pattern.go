package match

import (
	"fmt"
	"slices"
	"strings"
)

// Pattern is a repository in which stars stand for parts, perhaps with a tag or a
// digest. The zero Pattern matches nothing.
type Pattern struct {
	parts []string
	// deep says that one or more parts follow.
	deep        bool
	tag, digest string
}

// ParsePattern reads a pattern: a registry and a path in it, where a star stands
// for one part between slashes and two at the end for one or more, and perhaps a
// tag or a digest, which are then the only ones that are meant. The error says
// what is wrong with it.
func ParsePattern(text string) (Pattern, error) {
	wrong := func(why string) (Pattern, error) {
		return Pattern{}, fmt.Errorf("%q is no image: %s, as in docker.io/istio/proxyv2, docker.io/istio/* or docker.io/library/nginx@sha256:…", text, why)
	}
	name, digest, atDigest := strings.Cut(text, "@")
	host, _, ok := strings.Cut(name, "/")
	var tag string
	atTag := false
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		name, tag, atTag = name[:i], name[i+1:], true
	}
	switch {
	case !ok || !IsHost(host):
		return wrong("write its registry too")
	case strings.Contains(host, "*"):
		return wrong("a registry has no stars")
	case atDigest && !strings.Contains(digest, ":") || atTag && tag == "" || strings.ContainsAny(tag+digest, "*/@"):
		return wrong("a tag or digest is whole, without stars")
	case host == "index.docker.io":
		return wrong("the registry's name is docker.io")
	}
	p := Pattern{parts: strings.Split(name, "/"), tag: tag, digest: digest}
	p.parts[0] = strings.ToLower(p.parts[0])
	if last := len(p.parts) - 1; p.parts[last] == "**" {
		p.parts, p.deep = p.parts[:last], true
	}
	for _, part := range p.parts {
		if part == "" || part != "*" && strings.Contains(part, "*") {
			return wrong("a star stands for a whole part between slashes, two for the rest")
		}
	}
	if host == "docker.io" && len(p.parts) == 2 && !p.deep {
		return wrong("images of docker.io have two parts, docker.io/library/nginx")
	}
	return p, nil
}

// Prefix returns the parts of the repository up to the first star, the registry at
// least: every image that is meant begins with them.
func (p Pattern) Prefix() string {
	if i := slices.Index(p.parts, "*"); i >= 0 {
		return strings.Join(p.parts[:i], "/")
	}
	return strings.Join(p.parts, "/")
}

// Match reports whether an image is meant. An image is for one goroutine.
func (p Pattern) Match(r *Image) bool {
	if len(p.parts) == 0 || p.tag != "" && p.tag != r.Tag || p.digest != "" && p.digest != r.Digest {
		return false
	}
	if p.tag != "" && p.digest == "" && r.Digest != "" {
		return false // runtimes go by the digest, whatever the tag is
	}
	for i, want := range p.parts {
		c := r.cut(i)
		if c.part == "" || want != "*" && want != c.part {
			return false
		}
		last := i == len(p.parts)-1
		switch {
		case last && p.deep:
			return c.more && c.after != ""
		case last:
			return !c.more
		case !c.more:
			return false
		}
	}
	return false
}

// Pinned reports whether only one content can be meant: the pattern has a digest.
func (p Pattern) Pinned() bool { return p.digest != "" }
