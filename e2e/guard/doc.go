// Package guard proves on a real API server that nobody weakens a namespace that a
// PodSecurityGuard means, by whatever way labels change, but who has the right to.
package guard
