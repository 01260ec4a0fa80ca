// Package server puts `gabion serve` together: the cluster's objects feed
// admission, which the webhook asks, whose registration is kept, and all of them
// are counted. It decides the order in which things begin and end.
package server
