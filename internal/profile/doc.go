// Package profile judges pods by profiles: a level of the Pod Security
// Standards and controls beyond it, most of which PodSecurityPolicy had. Its
// controls are like those of package pss: one file each, with findings, paths,
// sentences and fixes. A profile only adds to its level. One that cannot be
// read judges nothing.
package profile
