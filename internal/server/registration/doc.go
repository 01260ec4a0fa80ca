// Package registration is the webhook configuration by which API servers know
// that they have to ask: what is in it, how it is written and kept as it should
// be, and how it is removed.
package registration
