package workload

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	yamlv2 "go.yaml.in/yaml/v2"
)

// yamlError is what is wrong with a YAML text, and on which of its lines, from
// 1; 0 if that is not known.
type yamlError struct {
	line  int
	msg   string
	first int // of a duplicate key, the line of the first one
}

func (e *yamlError) Error() string {
	if e.first == 0 {
		return e.msg
	}
	return fmt.Sprintf("%s (line %d, first at line %d)", e.msg, e.line, e.first)
}

// in is the error in a file where the text begins at a line.
func (e *yamlError) in(line int) *yamlError {
	moved := *e
	if e.line > 0 {
		moved.line += line - 1
	}
	if e.first > 0 {
		moved.first += line - 1
	}
	return &moved
}

// decodeYAML reads the one document of a text. Scalars, merge keys and keys are
// what sigs.k8s.io/yaml makes of them, because the same library resolves them.
// Objects are yamlv2.MapSlice where order and duplicate keys are kept, and
// map[any]any where merge keys may have been at work; duplicates are an error
// then. Nil means that the document is empty.
func decodeYAML(text []byte) (root any, err error) {
	var ordered yamlv2.MapSlice
	err = decodeOne(text, &ordered)
	var notMap *yamlv2.TypeError
	if err != nil && !errors.As(err, &notMap) {
		return nil, locate(text, err)
	}
	// The library reads a list of objects into a MapSlice, too, and drops merge
	// keys there. Where that may have happened it reads the text again.
	if err == nil && len(ordered) > 0 && beginsLikeMap(text) && !mayMerge(text) {
		return ordered, nil
	}
	var plain any
	if err := decodeOne(text, &plain); err != nil {
		return nil, locate(text, err)
	}
	if _, isMap := plain.(map[any]any); isMap {
		if err := checkKeys(ordered); err != nil {
			return nil, locate(text, err)
		}
		// What the merge keys held is missing there.
		if err := (&yamlTree{text: text}).duplicateKey(); err != nil {
			return nil, err
		}
	}
	return plain, nil
}

// decodeOne reads a document into a value and demands that none follows: the
// library would silently ignore it.
func decodeOne(text []byte, into any) error {
	return guard(func() error {
		d := yamlv2.NewDecoder(bytes.NewReader(text))
		if err := d.Decode(into); err != nil {
			if errors.Is(err, io.EOF) {
				return nil // nothing but comments
			}
			return err
		}
		var second any
		err := d.Decode(&second)
		switch {
		case err == nil:
			return errTextBehind
		case errors.Is(err, io.EOF):
			return nil
		}
		return err
	})
}

var errTextBehind = errors.New(`text behind the end of the document: is the indentation wrong, or a "---" missing?`)

// guard turns a panic of the YAML library into an error.
func guard(read func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the YAML library failed: %v", v)
		}
	}()
	return read()
}

// beginsLikeMap reports whether a text that is valid YAML and not a scalar must
// be a map by its first byte.
func beginsLikeMap(text []byte) bool {
	at := contentStart(text)
	if at < 0 || oddBreak(text[:at]) {
		return false
	}
	c := text[at]
	return c == '{' || c == '"' || c == '\'' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// mayMerge reports whether a text may have merge keys: "<<" outright, or
// escaped in a string that a tag makes a merge key.
func mayMerge(text []byte) bool {
	return bytes.Contains(text, []byte("<<")) ||
		bytes.IndexByte(text, '!') >= 0 && bytes.IndexByte(text, '\\') >= 0
}

// duplicateKeyError is a key that comes twice in one map.
type duplicateKeyError struct{ key string }

func (e *duplicateKeyError) Error() string { return "duplicate key " + strconv.Quote(e.key) }

var lineOfError = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^line (\d+): `) })

// locate makes an error of the library one clear line and finds the text's line
// it is about.
func locate(text []byte, err error) error {
	var duplicate *duplicateKeyError
	if errors.As(err, &duplicate) {
		return (&yamlTree{text: text}).locateDuplicate(nil, duplicate)
	}
	msg, _, _ := strings.Cut(err.Error(), "\n")
	msg, isLibrary := strings.CutPrefix(msg, "yaml: ")
	line := 0
	if m := lineOfError().FindStringSubmatch(msg); m != nil {
		line, _ = strconv.Atoi(m[1])
		msg = msg[len(m[0]):]
	}
	switch {
	case !utf8.Valid(text):
		return &yamlError{line: lineAt(text, invalidUTF8(text)), msg: "the text is not valid UTF-8"}
	case strings.HasPrefix(msg, "control characters"):
		line = lineAt(text, bytes.IndexFunc(text, isControl))
	case strings.HasPrefix(msg, "did not find expected"):
		line++ // the parser counts lines from 0, the scanner from 1
		if strings.HasSuffix(msg, "<document start>") {
			msg, isLibrary = errTextBehind.Error(), false
		}
	case line == 0:
		line = lineAt(text, contentStart(text))
	}
	if isLibrary {
		msg = "invalid YAML: " + msg
	}
	return &yamlError{line: min(line, lineAt(text, len(text)-1)), msg: msg}
}

func isControl(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0x7f && r < 0xa0 && r != 0x85
}

// lineAt is the line, from 1, of an offset; 1 if the offset is not in the text.
func lineAt(text []byte, offset int) int {
	return 1 + bytes.Count(text[:max(0, min(offset, len(text)))], []byte("\n"))
}

// invalidUTF8 returns the offset of the first byte that is not UTF-8.
func invalidUTF8(text []byte) int {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(text)
}

// checkKeys looks for duplicate keys in any depth.
func checkKeys(v any) error {
	switch v := v.(type) {
	case yamlv2.MapSlice:
		keys := make(keySet)
		for _, item := range v {
			key, err := keyText(item.Key)
			if err != nil {
				return err
			}
			if err := keys.add(key); err != nil {
				return err
			}
			if err := checkKeys(item.Value); err != nil {
				return err
			}
		}
	case []any:
		for _, item := range v {
			if err := checkKeys(item); err != nil {
				return err
			}
		}
	}
	return nil
}

type keySet map[string]bool

func (k keySet) add(key string) error {
	if k[key] {
		return &duplicateKeyError{key}
	}
	k[key] = true
	return nil
}

// keyText is the string that a key becomes in JSON. Two keys can become the
// same one, such as 1 and "1".
func keyText(key any) (string, error) {
	switch key := key.(type) {
	case string:
		return key, nil
	case int:
		return strconv.Itoa(key), nil
	case int64:
		return strconv.FormatInt(key, 10), nil
	case bool:
		return strconv.FormatBool(key), nil
	case float64:
		switch s := strconv.FormatFloat(key, 'g', -1, 32); s {
		case "+Inf":
			return ".inf", nil
		case "-Inf":
			return "-.inf", nil
		case "NaN":
			return ".nan", nil
		default:
			return s, nil
		}
	case nil:
		return "", errors.New("a key is null")
	case uint64:
		return "", fmt.Errorf("the key %d is too large a number", key)
	default:
		return "", errors.New("a key is a list or a map")
	}
}
