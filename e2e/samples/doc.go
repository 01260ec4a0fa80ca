// Package samples makes pods that keep to the Pod Security Standards or go
// against one control or another, for tests with real API servers.
package samples
