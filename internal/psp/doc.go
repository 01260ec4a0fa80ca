// Package psp is PodSecurityPolicy as Kubernetes 1.24, the last that had it,
// took it: the type, which the API no longer has, and a simulator that says of a
// pod what the admission plugin made of it: which policy was chosen, what it
// changed in the pod, and why it was refused.
//
// A test holds the simulator against Kubernetes' own code of that version, field
// error by field error.
package psp
