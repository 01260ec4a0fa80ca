// Package config finds and reads .gabion.yaml, which says for a repository what
// its people would have to type else. It belongs to the input that it is found
// with, so it is kept small: it reaches nothing outside its own directory, and who
// judges a stranger's input can leave it out.
package config
