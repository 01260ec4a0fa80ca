// Package snapshot keeps what a cluster contains in a file: gzip, and in it lines
// of JSON. The first says what the file is, which cluster and API server it was
// taken from, and what could not be listed, and holds the cluster's guards, profiles
// and exceptions. Every other line is one object, with its type and metadata first:
// a namespace, a pod, what makes pods, a service account, a role or binding, a
// PodSecurityPolicy.
//
// Nothing is in the file but what the types of this package have a place for:
// no environment, no commands, no secrets or configuration, and of annotations
// only those that Pod Security looks at. It is the same for the same cluster,
// byte for byte.
package snapshot
