//go:build !unix

package workload

import "os"

// readOnly is how files of a tree are opened.
const readOnly = os.O_RDONLY
