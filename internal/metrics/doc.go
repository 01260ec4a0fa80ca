// Package metrics counts what the program does, for Prometheus. It is the only
// package that knows Prometheus; the others declare what they want counted.
package metrics
