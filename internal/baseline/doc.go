// Package baseline knows the violations that were there before: what a file lists
// is known, and everything else is new. A violation is known by the object that has
// it, by name, and by where in the object it is, by names, too: neither lines nor
// files nor places in lists count, so moving things brings nothing back.
package baseline
