// Package psp holds internal/psp against the PodSecurityPolicy provider of
// Kubernetes 1.24.17, the last minor that had one: random policies, random pods,
// and for each pair whether the pod is admitted, what the policy changes in it,
// and every field error by its path and its text. Then random clusters, for the
// two admission plugins themselves, ServiceAccount and PodSecurityPolicy, with
// RBAC as the authorizer: which policy is chosen, and with what refusal. It
// consists of tests only.
//
// A failure prints the seed and the number of the policy that caused it:
//
//	GABION_SEED=1 GABION_FIRST=4711 GABION_COUNT=1 go test -vet=off .
package psp
