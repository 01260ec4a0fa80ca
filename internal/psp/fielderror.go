package psp

import (
	"fmt"
	"strconv"
)

// FieldError is one reason for which a policy does not allow a pod, in the words
// of Kubernetes 1.24.
type FieldError struct {
	// Path is the field, as PodSecurityPolicy named it: not always as it stands in
	// the pod.
	Path string
	// Text is all but the path.
	Text string
}

// Error returns the path and the text.
func (e FieldError) Error() string { return e.Path + ": " + e.Text }

// invalid returns the error for a value.
func invalid(path string, value any, detail string) FieldError {
	return FieldError{path, withDetail("Invalid value: "+show(value), detail)}
}

// required returns the error for a value that is missing.
func required(path, detail string) FieldError {
	return FieldError{path, withDetail("Required value", detail)}
}

// forbidden returns the error for a value that is not shown.
func forbidden(path, detail string) FieldError {
	return FieldError{path, withDetail("Forbidden", detail)}
}

func withDetail(text, detail string) string {
	if detail == "" {
		return text
	}
	return text + ": " + detail
}

// null is how a missing value is shown.
const null = `"null"`

// show renders a value as Kubernetes did, down to the names of Go's types.
func show(value any) string {
	switch v := value.(type) {
	case string:
		return strconv.Quote(v)
	case *bool:
		if v == nil {
			return null
		}
		return strconv.FormatBool(*v)
	case bool, int32, int64:
		return fmt.Sprint(v)
	}
	return fmt.Sprintf("%#v", value)
}

// at returns the path of an item.
func at(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
