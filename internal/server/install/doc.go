// Package install is what runs `gabion serve` inside a cluster: the manifests,
// and where their objects are in the API.
package install
