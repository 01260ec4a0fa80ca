// Package admission decides what Pod Security admission says to one request of
// an API server: a [Request] goes in, a [Decision] comes out. It does what the
// API server's own PodSecurity plugin does, in the same order and with the same
// words, annotations and metrics; nothing of HTTP, TLS or a Kubernetes client
// is here.
//
// The departures from the plugin are these:
//
//   - When a namespace is relabelled, all of its pods are looked at, as long as
//     the request's deadline allows; the plugin stops at 3,000 pods or a second.
//   - What callers control is escaped and cut where it stands in a text, see
//     printable; the plugin copies it as it is.
//   - Pods of custom resources are judged as those of workloads are; where an
//     object has several templates, each that violates is named by its path. The
//     plugin does not look at them.
//   - Labels of metrics are bounded whatever a request says, see [Labels].
//   - Objects that no API server sends are refused more often: a key that comes
//     twice, no apiVersion or kind, a pod without a spec. The plugin would read
//     something into them.
package admission
