package match

import "strings"

// Image is the name of an image, completed: nginx:1.27 is the repository
// docker.io/library/nginx with the tag 1.27.
type Image struct {
	// Repository is the registry and the path in it.
	Repository string
	// Tag and Digest are empty where the name has none.
	Tag, Digest string

	cuts []cut // what patterns asked for
}

// cut is what strings.Cut makes of a text at a slash.
type cut struct {
	part, after string
	more        bool
}

// cut returns the part of the repository behind some others, and what is behind it. A
// part is looked for once, however long it is, and however many patterns ask for it.
func (r *Image) cut(behind int) cut {
	for len(r.cuts) <= behind {
		rest := r.Repository
		if n := len(r.cuts); n > 0 {
			rest = r.cuts[n-1].after
		}
		var c cut
		c.part, c.after, c.more = strings.Cut(rest, "/")
		r.cuts = append(r.cuts, c)
	}
	return r.cuts[behind]
}

// ParseImage completes the name of an image. It makes something of every name, also
// of one that no runtime would take.
func ParseImage(name string) Image {
	var r Image
	name, r.Digest, _ = strings.Cut(name, "@")
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		name, r.Tag = name[:i], name[i+1:]
	}
	host, path, ok := strings.Cut(name, "/")
	if !ok || !IsHost(host) && host == strings.ToLower(host) {
		host, path = "docker.io", name
	}
	host = strings.ToLower(host)
	if host == "index.docker.io" {
		host = "docker.io"
	}
	if host == "docker.io" && !strings.Contains(path, "/") {
		path = "library/" + path
	}
	r.Repository = host + "/" + path
	return r
}

// IsHost reports whether the first part of an image's name is a registry.
func IsHost(part string) bool { return part == "localhost" || strings.ContainsAny(part, ".:") }
