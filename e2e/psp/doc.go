// Package psp holds `gabion psp` against an API server of Kubernetes 1.24, the
// last with PodSecurityPolicy: what it says policies do to pods, and the whole
// way from policies to labels. There is nothing but tests.
package psp
