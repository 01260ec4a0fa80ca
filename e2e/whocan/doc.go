// Package whocan holds what `gabion who-can` says against what a real API server
// answers: its SubjectAccessReview, and what it lets people do. A part of RBAC
// and the questions are random; a failure prints their seed:
//
//	GABION_SEED=1 go -C e2e test -vet=off ./whocan
package whocan
