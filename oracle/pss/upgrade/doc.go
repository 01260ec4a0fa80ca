// Package upgrade holds what Gabion takes an API server of an old release to say
// against the Pod Security admission of that release itself, which module
// oracle/release runs. It consists of tests only.
package upgrade
