// Package exception judges what PodSecurityExceptions leave out of a verdict:
// which findings, in which pods, until when. It fails closed: what cannot be
// read covers nothing, what is not known of a pod matches nothing, and a pod
// passes only if every finding is covered.
package exception
