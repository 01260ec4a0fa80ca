//go:build !linux

package cluster_test

// childEnv is of use on Linux only: elsewhere, the servers outlive a killed test.
const childEnv = "GABION_E2E_KILLED_CHILD"

func child() int { return 1 }
