// Package early proves on a real API server what guards ask of pods beside the
// labels, and what is said of workloads before there are any pods, through
// `gabion serve`.
package early
