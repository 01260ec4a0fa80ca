// Package patch says how one JSON document becomes another: as a JSON patch
// (RFC 6902), or as a strategic merge patch of Kubernetes. Documents are what
// encoding/json makes of them, with numbers as json.Number.
package patch
