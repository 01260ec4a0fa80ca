package profile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/gabion-security/gabion/api/v1alpha1"
)

// Read reads and compiles the one profile in a document of YAML or JSON. The
// error says in one line what is wrong with it: nothing is overlooked, neither a
// field that does not exist nor a second document.
func Read(text []byte) (*Profile, error) {
	if err := single(text); err != nil {
		return nil, err
	}
	document, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return nil, errors.New(oneLine(err))
	}
	if err := ofKind(document); err != nil {
		return nil, err
	}
	var p v1alpha1.PodSecurityProfile
	unknown, err := kjson.UnmarshalStrict(document, &p)
	if err != nil {
		return nil, errors.New(oneLine(err))
	}
	if len(unknown) > 0 {
		return nil, errors.New(suggest(oneLine(unknown[0])))
	}
	var fields map[string]any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(document, &fields); err != nil {
		return nil, errors.New(oneLine(err))
	}
	if path := hollow("spec", fields["spec"]); path != "" {
		return nil, fmt.Errorf("%s has no value: write {} for a list that allows nothing, or remove it", path)
	}
	return Compile(&p)
}

// single checks that there is one document.
func single(text []byte) error {
	d := yamlv3.NewDecoder(bytes.NewReader(text))
	for n := 0; ; {
		var node yamlv3.Node
		err := d.Decode(&node)
		switch {
		case errors.Is(err, io.EOF) && n == 0:
			return errors.New("no profile is here: the file is empty")
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return errors.New(oneLine(err))
		case n > 0:
			return errors.New("there is more than one document: put each profile into a file of its own")
		}
		n++
	}
}

// hollow returns the path of a field that is there without a value, which would
// ask nothing although it stands there; empty if there is none.
func hollow(path string, value any) string {
	switch v := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if found := hollow(path+"."+name, v[name]); found != "" {
				return found
			}
		}
	case []any:
		for i := range v {
			if _, ok := v[i].(map[string]any); !ok {
				continue // the control knows its names
			}
			if found := hollow(index(path, i), v[i]); found != "" {
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

// ofKind checks what the document says it is, before its fields are looked at.
func ofKind(document []byte) error {
	var meta metav1.TypeMeta
	if err := kjson.UnmarshalCaseSensitivePreserveInts(document, &meta); err != nil {
		return errors.New(oneLine(err))
	}
	if want := v1alpha1.GroupVersion().String(); meta.APIVersion != want || meta.Kind != v1alpha1.KindPodSecurityProfile {
		return fmt.Errorf("apiVersion %q and kind %q are no profile: use %s and %s",
			meta.APIVersion, meta.Kind, want, v1alpha1.KindPodSecurityProfile)
	}
	return nil
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// suggest adds to the message about an unknown field the nearest known one.
func suggest(message string) string {
	_, path, _ := strings.Cut(message, `"`)
	path = strings.Trim(path, `"`)
	name := strings.ToLower(path[strings.LastIndexByte(path, '.')+1:])
	best, least := "", 4
	for _, known := range fieldNames(reflect.TypeFor[v1alpha1.PodSecurityProfileSpec]()) {
		if d := distance(name, strings.ToLower(known)); d < least {
			best, least = known, d
		}
	}
	if best == "" {
		return message + ": there is no such field; 'gabion controls' lists what a profile may ask"
	}
	return message + ": did you mean " + best + "?"
}

// fieldNames returns the JSON names of a type's fields, and of theirs.
func fieldNames(t reflect.Type) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var names []string
	for f := range t.Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			names = append(names, name)
		}
		names = append(names, fieldNames(f.Type)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// distance is the number of letters to put in, take out or exchange.
func distance(a, b string) int {
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
