// Package objects proves on a real API server that `gabion serve` goes by
// exceptions, guards and profiles that are objects of the cluster, and what becomes
// of them with their definitions.
package objects
