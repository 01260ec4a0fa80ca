package fix

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// object is what is written where nothing is: members in their order. Values are
// booleans, strings, lists of strings and objects.
type object struct{ members []member }

type member struct {
	key   string
	value any
}

// inner returns the object under a key, a new one if there is nothing yet, nil if
// there is something else.
func (o *object) inner(key string) *object {
	for _, m := range o.members {
		if m.key == key {
			in, _ := m.value.(*object)
			return in
		}
	}
	in := &object{}
	o.members = append(o.members, member{key, in})
	return in
}

// put adds a member; two that mean one by its anchor have to agree.
func (o *object) put(key string, value any) error {
	for _, m := range o.members {
		if m.key == key {
			if !reflect.DeepEqual(m.value, value) {
				return errUneditable
			}
			return nil
		}
	}
	o.members = append(o.members, member{key, value})
	return nil
}

// quoted writes a scalar in the quotes that another one has.
func quoted(value any, quote byte, isJSON bool) string {
	text, isText := value.(string)
	switch {
	case !isText:
		return fmt.Sprint(value)
	case isJSON || quote == '"':
		return jsonText(text)
	case quote == '\'':
		return "'" + text + "'" // no value has a quote in it
	}
	return text
}

func jsonText(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		return `""` // never: it is a string
	}
	return string(b)
}

// blockLines writes members as lines of a block.
func blockLines(b *strings.Builder, o *object, indent, step int, eol string) {
	for _, m := range o.members {
		b.WriteString(strings.Repeat(" ", indent) + m.key + ":")
		switch value := m.value.(type) {
		case *object:
			b.WriteString(eol)
			blockLines(b, value, indent+step, step, eol)
		case []any:
			b.WriteString(" " + flowStyle{colon: ": ", comma: ", "}.value(value) + eol)
		default:
			b.WriteString(" " + quoted(value, 0, false) + eol)
		}
	}
}

// flowStyle is how a collection in brackets is written.
type flowStyle struct {
	json         bool // keys and strings are quoted
	colon, comma string
	// expanded gives every member a line of its own, which begins with prefix; what
	// is inside has a unit more.
	expanded          bool
	prefix, unit, eol string
}

// inside is the style of what is one level deeper.
func (s flowStyle) inside() flowStyle {
	s.prefix += s.unit
	return s
}

// between separates members.
func (s flowStyle) between() string {
	if s.expanded {
		return "," + s.eol + s.prefix
	}
	return s.comma
}

// wrap puts brackets around members, which have the style of what is inside.
func (s flowStyle) wrap(opening, closing string, members []string) string {
	if s.expanded {
		in := s.inside()
		return opening + s.eol + in.prefix + strings.Join(members, in.between()) + s.eol + s.prefix + closing
	}
	return opening + strings.Join(members, s.comma) + closing
}

// members writes members one by one.
func (s flowStyle) members(o *object) []string {
	var all []string
	for _, m := range o.members {
		key := m.key
		if s.json {
			key = jsonText(key)
		}
		all = append(all, key+s.colon+s.value(m.value))
	}
	return all
}

// value writes a value; the line that it begins on has the style's prefix.
func (s flowStyle) value(v any) string {
	switch v := v.(type) {
	case *object:
		return s.wrap("{", "}", s.inside().members(v))
	case []any:
		var items []string
		for _, item := range v {
			items = append(items, quoted(item, '"', true))
		}
		return s.wrap("[", "]", items)
	}
	return quoted(v, 0, s.json)
}
