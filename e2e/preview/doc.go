// Package preview holds `gabion preview` against a real API server: what it says
// of manifests without a cluster has to be what kubectl prints when the same
// objects are in one.
package preview
