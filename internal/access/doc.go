// Package access finds out from RBAC who can weaken Pod Security, and who can
// get a pod past it. It is pure computation over an inventory: what the API
// server's authorizer would answer, for every right that matters and every
// subject of every binding.
package access
