// Package whocan holds what `gabion who-can` says against what a real API server
// answers: its SubjectAccessReview, and what it lets people do.
package whocan
