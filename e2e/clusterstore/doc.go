// Package clusterstore holds the cache of package internal/cluster against a
// real API server. There is nothing but tests.
package clusterstore
