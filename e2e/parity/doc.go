// Package parity holds `gabion serve` against the built-in PodSecurity plugin:
// the same requests, scripted and random, go to two API servers, one with the
// plugin, the other with the plugin off and Gabion in its place. Status code,
// reason, details, message, warnings and the annotations in the audit log have
// to be equal, but for what docs/differences.md lists. That is so for API servers
// as they are, and for such as emulate the oldest version that they can.
//
// A failure of a random sequence prints its seed:
//
//	GABION_SEED=1 go -C e2e test -vet=off -run Gabion//random ./parity
package parity
