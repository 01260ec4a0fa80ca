// Package exceptions proves on a real API server that PodSecurityExceptions let
// pass what they cover, and nothing else, through `gabion serve`.
package exceptions
