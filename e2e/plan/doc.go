// Package plan holds `gabion plan` against a real API server: what it proposes
// for hundreds of namespaces has to be what the API server itself says of them,
// and what it writes has to do there what it promises. There is nothing but
// tests.
package plan
