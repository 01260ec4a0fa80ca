// Package cluster follows a live cluster as package admission needs it: the
// labels of its namespaces, and of its pods nothing but what Pod Security looks
// at. It is the home of client-go.
//
// Two reflectors feed a [Cache]. What an API server sends is reduced at once,
// object by object or page by page, so that whole pods are never kept. Equal
// pods share one view. What the cache does not know for sure it does not say:
// namespaces are then fetched, and pods are an error. A third one feeds
// [Definitions]: which custom resources hold pods, and where.
package cluster
