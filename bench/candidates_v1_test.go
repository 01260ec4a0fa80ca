//go:build !goexperiment.jsonv2

package main

// jsonV2Candidates are those that need GOEXPERIMENT=jsonv2.
var jsonV2Candidates map[string]candidate
