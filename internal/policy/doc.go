// Package policy puts together what documents of the group gabion.io say: guards,
// profiles and exceptions, of the files in a folder and of the objects of a cluster.
// Whatever judges by them, a server or a command, judges by the same.
package policy
