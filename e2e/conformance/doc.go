// Package conformance runs upstream's conformance suite of Pod Security
// admission against a real API server, and holds `gabion check` against what the
// API server answers to upstream's fixtures.
package conformance
