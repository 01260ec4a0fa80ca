package workload

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	yamlv2 "go.yaml.in/yaml/v2"
)

// toJSON writes what decodeYAML returned as JSON of at most limit bytes. Only
// aliases can make it much longer than its text.
func toJSON(v any, limit int) ([]byte, error) {
	w := jsonWriter{limit: limit}
	if err := w.value(v); err != nil {
		return nil, err
	}
	return w.buf, nil
}

type jsonWriter struct {
	buf   []byte
	limit int
}

func (w *jsonWriter) value(v any) error {
	if len(w.buf) > w.limit {
		return errors.New("the object grows too large when its aliases are expanded")
	}
	switch v := v.(type) {
	case nil:
		w.buf = append(w.buf, "null"...)
	case string:
		w.text(v)
	case bool:
		w.buf = strconv.AppendBool(w.buf, v)
	case int:
		w.buf = strconv.AppendInt(w.buf, int64(v), 10)
	case int64:
		w.buf = strconv.AppendInt(w.buf, v, 10)
	case uint64:
		w.buf = strconv.AppendUint(w.buf, v, 10)
	case []any:
		return w.list(v)
	case yamlv2.MapSlice:
		return w.ordered(v)
	case map[any]any:
		return w.unordered(v)
	default: // float64; what has no JSON form, such as .nan, is an error
		number, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("the value %v has no form in JSON", v)
		}
		w.buf = append(w.buf, number...)
	}
	return nil
}

func (w *jsonWriter) list(v []any) error {
	w.buf = append(w.buf, '[')
	for i, item := range v {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		if err := w.value(item); err != nil {
			return err
		}
	}
	w.buf = append(w.buf, ']')
	return nil
}

func (w *jsonWriter) member(first bool, key string, v any) error {
	if !first {
		w.buf = append(w.buf, ',')
	}
	w.text(key)
	w.buf = append(w.buf, ':')
	return w.value(v)
}

func (w *jsonWriter) ordered(m yamlv2.MapSlice) error {
	const few = 8
	var keys keySet
	w.buf = append(w.buf, '{')
	for i, item := range m {
		key, err := keyText(item.Key)
		if err != nil {
			return err
		}
		if len(m) <= few {
			for _, before := range m[:i] {
				if text, err := keyText(before.Key); err == nil && text == key {
					return &duplicateKeyError{key}
				}
			}
		} else {
			if keys == nil {
				keys = make(keySet, len(m))
			}
			if err := keys.add(key); err != nil {
				return err
			}
		}
		if err := w.member(i == 0, key, item.Value); err != nil {
			return err
		}
	}
	w.buf = append(w.buf, '}')
	return nil
}

func (w *jsonWriter) unordered(m map[any]any) error {
	texts := make(map[string]any, len(m))
	names := make([]string, 0, len(m))
	for k, v := range m {
		key, err := keyText(k)
		if err != nil {
			return err
		}
		if _, twice := texts[key]; twice {
			return &duplicateKeyError{key}
		}
		texts[key] = v
		names = append(names, key)
	}
	slices.Sort(names)
	w.buf = append(w.buf, '{')
	for i, name := range names {
		if err := w.member(i == 0, name, texts[name]); err != nil {
			return err
		}
	}
	w.buf = append(w.buf, '}')
	return nil
}

// text writes a string. What is not UTF-8 (!!binary can be) becomes U+FFFD, as
// encoding/json has it.
func (w *jsonWriter) text(s string) {
	plain := utf8.ValidString(s)
	for i := 0; plain && i < len(s); i++ {
		plain = s[i] >= ' ' && s[i] != '"' && s[i] != '\\'
	}
	if plain {
		w.buf = append(append(append(w.buf, '"'), s...), '"')
		return
	}
	w.buf = appendQuoted(w.buf, s)
}

func appendQuoted(buf []byte, s string) []byte {
	const hex = "0123456789abcdef"
	buf = append(buf, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			buf = append(buf, '\\', byte(r))
		case r < ' ':
			buf = append(buf, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			buf = utf8.AppendRune(buf, r)
		}
	}
	return append(buf, '"')
}
