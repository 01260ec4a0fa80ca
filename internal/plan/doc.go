// Package plan works out how the namespaces of a cluster can be brought to a
// level of the Pod Security Standards without breaking what runs in them: what
// each can enforce now, and which workloads stand in the way of more. Pure
// computation over an inventory, and over what the API server's audit log adds
// to it.
//
// Nothing is proposed on the strength of what was not seen, and nothing that
// would enforce less than what stands.
package plan
