// Package resource reads and writes single objects of the Kubernetes API by
// their paths. It is for the few objects that the server itself needs; those of
// the whole cluster are the concern of package cluster.
package resource
