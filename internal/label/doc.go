// Package label works out what labelling namespaces with Pod Security labels
// means: which labels change, whose they are, which workloads would be rejected,
// and what has to be kept so that it can be undone. Pure computation: the API
// server is asked elsewhere.
package label
