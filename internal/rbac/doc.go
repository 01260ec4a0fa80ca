// Package rbac answers as the API server's RBAC authorizer would whether
// somebody may do something, from the roles and bindings that are known. It is
// pure computation.
package rbac
