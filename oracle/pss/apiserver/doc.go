// Package apiserver holds Gabion against the API server's own code before Pod
// Security admission: what its defaulting makes of pods and pod templates, and
// what its validation refuses on Windows. It consists of tests only.
package apiserver
