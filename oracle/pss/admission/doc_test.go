// Package admission holds Gabion's decisions against those of
// k8s.io/pod-security-admission/admission: the same requests, random and
// scripted, go to both, and allowed, code, reason, message, details, warnings,
// audit annotations and metrics have to be equal. The same is done with
// configuration files.
//
// A failure prints the seed and the number of the world that caused it:
//
//	GABION_SEED=1 GABION_WORLD=7 go test -run TestRandomRequests ./admission
package admission
