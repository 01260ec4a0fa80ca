// Package archtest holds the repository to the plan in ARCHITECTURE.md: who may
// import whom, and a few rules of style that are easier to check than to
// remember. The rules are data, in rules_test.go; there is nothing but tests.
package archtest
