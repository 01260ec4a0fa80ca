//go:build !unix

package cli

import "os"

// keepOwner does nothing where files have no owner like that.
func keepOwner(*os.File, os.FileInfo) error { return nil }
