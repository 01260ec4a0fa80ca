// Package fix has a real API server judge what `gabion fix` makes of manifests: what
// it says is fixed is accepted where restricted is enforced, what it says is left is
// refused there, its patches do in a cluster what it does in files, and kubectl builds
// its kustomizations.
package fix
