// Package sample generates manifests that look like those of real clusters, for
// the tests of whatever reads, reports or fixes manifests: the same ones in every
// run, of every built-in kind with pods and some that embed them, with sidecars,
// volumes and settings of many kinds, laid out in different styles of YAML.
package sample
