package workload

import "slices"

// onlyToken reads a projected volume and reports whether it holds nothing beyond
// what the API server gives pods with their service account's token.
func (r *reading) onlyToken() bool {
	only := true
	r.members(func(string) {
		for more := r.list(); more; more = r.nextItem() {
			only = r.tokenSource() && only
		}
	}, "sources")
	return only
}

// tokenSource is onlyToken for one source. One of a kind that is not known is
// beyond it.
func (r *reading) tokenSource() bool {
	known, only := false, true
	r.members(func(key string) {
		if r.null() {
			return
		}
		known = true
		switch key {
		case "serviceAccountToken":
			only = r.tokenItself() && only
		case "configMap":
			only = r.memberText("name") == "kube-root-ca.crt" && only
		case "downwardAPI":
			only = r.namespaceFiles() && only
		default:
			only = false
			r.skip()
		}
	}, "serviceAccountToken", "configMap", "downwardAPI", "secret", "clusterTrustBundle", "podCertificate")
	return known && only
}

func (r *reading) tokenItself() bool {
	var path, audience string
	r.members(func(key string) {
		switch key {
		case "path":
			path = r.text()
		case "audience":
			audience = r.text()
		}
	}, "path", "audience")
	return path == "token" && audience == ""
}

// namespaceFiles reads files of the downward API.
func (r *reading) namespaceFiles() bool {
	only := true
	r.members(func(string) {
		for more := r.list(); more; more = r.nextItem() {
			only = r.namespaceFile() && only
		}
	}, "items")
	return only
}

func (r *reading) namespaceFile() bool {
	var path, version, field string
	r.members(func(key string) {
		if key == "path" {
			path = r.text()
			return
		}
		r.members(func(key string) {
			if key == "fieldPath" {
				field = r.text()
				return
			}
			version = r.text()
		}, "fieldPath", "apiVersion")
	}, "path", "fieldRef")
	// The API server's defaulting makes it v1.
	return path == "namespace" && (version == "v1" || version == "") && field == "metadata.namespace"
}

// members reads an object for the members with the names; read reads a value.
func (r *reading) members(read func(name string), names ...string) {
	var seen uint32
	for more := r.object(); more; more = r.nextMember() {
		key := string(r.key())
		bit := slices.Index(names, key)
		if bit < 0 {
			r.skip()
			continue
		}
		r.once(&seen, uint(bit))
		read(key)
	}
}
