package document

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "sigs.k8s.io/json"

	"github.com/gabion-security/gabion/api/v1alpha1"
)

// Document is one document, or one item of a List.
type Document struct {
	metav1.TypeMeta

	// Name is metadata.name.
	Name string
	// Line is the line of the file in which the document begins, from 1.
	Line int

	json []byte
}

// Is reports whether the document says that it is a kind of the group gabion.io,
// of the one version that there is.
func (d Document) Is(kind string) bool {
	return d.Kind == kind && d.APIVersion == v1alpha1.GroupVersion().String()
}

// String names the document: KIND NAME.
func (d Document) String() string {
	return cmp.Or(d.Kind, "a document without a kind") + " " + cmp.Or(d.Name, "without a name")
}

// Decode decodes the document into a pointer to a struct with a spec. The error
// says in one line what is wrong: a field that does not exist, with the nearest
// one that does, or one without a value.
func (d Document) Decode(into any) error {
	if err := d.DecodeFields(into); err != nil {
		return err
	}
	var fields map[string]any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(d.json, &fields); err != nil {
		return errors.New(oneLine(err))
	}
	if path := hollow("spec", fields["spec"]); path != "" {
		return fmt.Errorf("%s has no value: write {} for a list that allows nothing, or remove it", path)
	}
	return nil
}

// DecodeFields is Decode for a document that may do without a spec: whether fields
// have values is for the caller to say.
func (d Document) DecodeFields(into any) error {
	unknown, err := kjson.UnmarshalStrict(d.json, into)
	if wrong := new(json.UnmarshalTypeError); errors.As(err, &wrong) && wrong.Value == "bool" && wrong.Type.Kind() == reflect.String {
		return errors.New(oneLine(err) + ": in YAML, off, on, yes and no are true or false unless they stand in quotes")
	}
	if err != nil {
		return errors.New(oneLine(err))
	}
	if len(unknown) > 0 {
		return errors.New(suggest(oneLine(unknown[0]), reflect.TypeOf(into)))
	}
	return nil
}

// Peek decodes some of the document's fields, and passes over the others.
func (d Document) Peek(into any) error {
	return kjson.UnmarshalCaseSensitivePreserveInts(d.json, into)
}

// hollow returns the path of a field that is there without a value, which would
// ask nothing although it stands there; empty if there is none.
func hollow(path string, value any) string {
	switch v := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if text, ok := v[name].(string); ok && text == "" && strings.HasSuffix(path, ".matchLabels") {
				continue // labels may be empty
			}
			if found := hollow(path+"."+name, v[name]); found != "" {
				return found
			}
		}
	case []any:
		for i := range v {
			if _, ok := v[i].(map[string]any); !ok {
				continue // whoever reads the list knows its names
			}
			if found := hollow(path+"["+strconv.Itoa(i)+"]", v[i]); found != "" {
				return found
			}
		}
	case string:
		if v == "" {
			return path
		}
	case nil:
		return path
	}
	return ""
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// suggest adds to the message about an unknown field the nearest known one.
func suggest(message string, t reflect.Type) string {
	_, path, _ := strings.Cut(message, `"`)
	path = strings.Trim(path, `"`)
	name := path[strings.LastIndexByte(path, '.')+1:]
	best, least := "", 4
	for _, known := range fieldNames(t) {
		if d := Distance(strings.ToLower(name), strings.ToLower(known)); d < least && known != name {
			best, least = known, d
		}
	}
	if best == "" {
		return message + ": there is no such field"
	}
	return message + ": did you mean " + best + "?"
}

// fieldNames returns the JSON names of a type's fields, and of theirs.
func fieldNames(t reflect.Type) []string {
	names := map[string]bool{}
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(t reflect.Type) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || seen[t] {
			return
		}
		seen[t] = true
		for f := range t.Fields() {
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
				names[name] = true
			}
			walk(f.Type)
		}
	}
	walk(t)
	return slices.Sorted(maps.Keys(names))
}

// Distance is the number of letters to put in, take out or exchange to make one
// name of another.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
