package pss

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// Version is a version of the standard: a Kubernetes minor such as v1.25, or
// latest. Versions are ordered and Latest is newer than every other. The zero
// Version is not a version, and nothing is ever allowed by it.
type Version uint64

// Latest is the newest version that the judge knows: the API server's own
// minor, or that of [Evaluator.Kubernetes].
const Latest Version = math.MaxUint64

var errVersion = errors.New(`must be "latest" or "v1.x"`)

// V1 returns version v1.minor; a negative minor gives the zero Version.
func V1(minor int) Version {
	if minor < 0 {
		return 0
	}
	return Version(minor) + 1
}

// ParseVersion reads a version as the API server does: "latest", or "v1." and
// a minor without leading zeros. On an error it returns Latest.
func ParseVersion(s string) (Version, error) {
	if s == "latest" {
		return Latest, nil
	}
	digits, ok := strings.CutPrefix(s, "v1.")
	if !ok || digits == "" || (len(digits) > 1 && digits[0] == '0') {
		return Latest, errVersion
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return Latest, errVersion
		}
	}
	minor, err := strconv.Atoi(digits)
	if err != nil {
		return Latest, errVersion
	}
	return V1(minor), nil
}

// Valid reports whether v is a version at all, known to this build or not.
func (v Version) Valid() bool { return v != 0 }

// Minor returns the Kubernetes minor of v, and false for Latest and the zero
// Version, which have none.
func (v Version) Minor() (int, bool) {
	if v == 0 || v == Latest {
		return 0, false
	}
	return int(v - 1), true //nolint:gosec // made from an int by V1
}

// String returns "latest", "v1.N", or "invalid" for the zero Version.
func (v Version) String() string {
	switch v {
	case 0:
		return "invalid"
	case Latest:
		return "latest"
	}
	return "v1." + strconv.FormatUint(uint64(v-1), 10)
}

// MarshalText writes the version as [Version.String] does; it fails for the
// zero Version.
func (v Version) MarshalText() ([]byte, error) {
	if !v.Valid() {
		return nil, errVersion
	}
	return []byte(v.String()), nil
}

// UnmarshalText reads a version as [ParseVersion] does.
func (v *Version) UnmarshalText(text []byte) error {
	parsed, err := ParseVersion(string(text))
	if err != nil {
		return err
	}
	*v = parsed
	return nil
}
