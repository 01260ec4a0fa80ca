// Package binaries builds the programs that the end-to-end tests run: etcd,
// kube-apiserver and kubectl, once for each version of them and of Go, and
// gabion itself.
package binaries
