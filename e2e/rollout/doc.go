// Package rollout holds what gabion says of a live cluster against the API
// server itself.
package rollout
