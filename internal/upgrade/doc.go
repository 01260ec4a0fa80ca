// Package upgrade says what an upgrade of a cluster's control plane changes in
// the verdicts of Pod Security admission. It is pure computation.
//
// There are three kinds of changes. A version of the standard may ask for more or
// less than the one before: that reaches namespaces whose policy is latest, or
// newer than the old API server. A release may look at pods in another way,
// whatever the version of the policy: that reaches pinned namespaces too. And a
// feature gate may be gone. [Changes] is the table of all of them, and [Server]
// judges as the API server of each release does.
package upgrade
