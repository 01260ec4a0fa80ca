// Package webhook is HTTP and TLS around Pod Security admission: it reads an
// AdmissionReview of an API server, asks a [Decider], and writes the answer.
//
// A request is answered with an AdmissionReview, or with one line of text and a
// 4xx or 5xx status, which an API server takes for a failed call; then the
// failurePolicy of its webhook configuration counts. What a request can cost is
// bounded: its size, its time, the bytes of all requests together, connections.
// Every answer is a value of its own, so none can carry another's UID.
package webhook
