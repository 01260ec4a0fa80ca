package pss

import "errors"

// Level is one of the three levels of the Pod Security Standards. Levels are
// ordered: a stricter level compares greater. The zero Level is not a level,
// and nothing is ever allowed by it.
type Level uint8

// The levels of the standard, from the most permissive to the strictest.
const (
	Privileged Level = iota + 1 // unrestricted
	Baseline                    // prevents known privilege escalations
	Restricted                  // current best practice for hardening
)

var errLevel = errors.New("must be one of privileged, baseline, restricted")

// Levels returns the three levels, from the most permissive to the strictest.
func Levels() []Level { return []Level{Privileged, Baseline, Restricted} }

// ParseLevel reads a level as the API server does: exact, case-sensitive and
// untrimmed. On an error it returns Restricted, so that whoever ignores the
// error stays closed.
func ParseLevel(s string) (Level, error) {
	switch s {
	case "privileged":
		return Privileged, nil
	case "baseline":
		return Baseline, nil
	case "restricted":
		return Restricted, nil
	}
	return Restricted, errLevel
}

// Valid reports whether l is one of the three levels.
func (l Level) Valid() bool { return l >= Privileged && l <= Restricted }

// String returns the level's name, or "invalid" for a value that is no level.
func (l Level) String() string {
	switch l {
	case Privileged:
		return "privileged"
	case Baseline:
		return "baseline"
	case Restricted:
		return "restricted"
	}
	return "invalid"
}

// MarshalText writes the level's name; it fails for a value that is no level.
func (l Level) MarshalText() ([]byte, error) {
	if !l.Valid() {
		return nil, errLevel
	}
	return []byte(l.String()), nil
}

// UnmarshalText reads a level's name as [ParseLevel] does.
func (l *Level) UnmarshalText(text []byte) error {
	v, err := ParseLevel(string(text))
	if err != nil {
		return err
	}
	*l = v
	return nil
}
