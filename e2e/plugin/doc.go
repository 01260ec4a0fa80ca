// Package plugin runs Gabion as a plugin of the real kubectl.
package plugin
