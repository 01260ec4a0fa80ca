// Package browser finds a browser for tests, or installs one: Chromium without a
// window, as the npm package @sparticuz/chromium carries it, pinned and checked.
// Nothing of it stays but a directory in the user's cache.
package browser
