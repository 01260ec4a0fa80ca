// Package report owns the models of what Gabion tells people and machines, and
// writes them: one file a format. The JSON of the models is a contract; fields
// may be added to it, never renamed or removed.
//
// Reports are streams. Whoever makes one hands over a result as soon as it is
// known, so that a report of any size takes constant memory.
package report
