// Package guard decides whether a change weakens a namespace that a
// PodSecurityGuard means: what is enforced, audited and warned about before and
// after is compared control by control. It is pure computation: who may weaken a
// namespace all the same is for others to ask.
package guard
