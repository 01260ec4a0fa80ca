// Package serve runs `gabion serve` beside a control plane whose built-in
// PodSecurity plugin is off, and proves that it takes the plugin's place.
package serve
