// Package pss holds Gabion's verdicts against those of Pod Security admission
// itself (k8s.io/pod-security-admission): all of upstream's fixtures, random
// pods, random namespace labels, and bytes that no generator thought of. Verdicts
// and sentences have to be equal to the byte. It consists of tests only; the
// packages below it make random objects and put the two judges' answers into one
// shape, and package apiserver holds Gabion against an API server's defaulting
// and validation.
//
// A failure prints the seed and the number of the pod that caused it:
//
//	GABION_SEED=1 GABION_FIRST=4711 GABION_COUNT=1 go test -vet=off -run TestRandomPods .
package pss
