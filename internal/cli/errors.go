package cli

import (
	"errors"
	"fmt"
)

// usageError is a command line that makes no sense. Nothing was read.
type usageError struct {
	message string
	command string // whose help may help
}

func (e *usageError) Error() string { return e.message }

// usagef returns a usageError.
func usagef(format string, args ...any) error {
	return &usageError{message: fmt.Sprintf(format, args...)}
}

// The outcomes that are no failures of the program. What they are about has
// been reported by then.
var (
	// errFindings says that violations were found and count.
	errFindings = errors.New("violations were found")
	// errIncomplete says that a part of the input was not read or judged.
	errIncomplete = errors.New("not everything could be read and judged")
)
