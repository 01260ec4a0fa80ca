// Package fix rewrites manifests toward a level of the Pod Security Standards: it
// fills in what is missing, lists what it leaves and why, and edits the text at the
// places that this is about, so that comments, order and quoting stay. It is pure
// computation: bytes in, edits out.
package fix
