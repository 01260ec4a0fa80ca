package inventory

import (
	"fmt"
	"reflect"
	"testing"
)

// eachPart calls visit with every part of a value that is no struct or list,
// after it has given every list one item and every pointer something to point to.
func eachPart(v reflect.Value, path string, visit func(path string, part reflect.Value)) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			eachPart(v.Field(i), path+"."+v.Type().Field(i).Name, visit)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		eachPart(v.Elem(), path, visit)
		visit(path, v)
	case reflect.Map:
		visit(path, v)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		eachPart(v.Index(0), path+"[0]", visit)
		visit(path, v)
	default:
		visit(path, v)
	}
}

func TestViewsThatDifferInAnythingAreNotShared(t *testing.T) {
	t.Parallel()
	all := newViews()
	var plain View
	eachPart(reflect.ValueOf(&plain).Elem(), "", func(string, reflect.Value) {})
	first := all.share(&plain)
	parts := 0
	var probe View
	eachPart(reflect.ValueOf(&probe).Elem(), "", func(string, reflect.Value) { parts++ })
	for n := range parts {
		var v View
		i, changed := 0, ""
		eachPart(reflect.ValueOf(&v).Elem(), "View", func(path string, part reflect.Value) {
			if i++; i-1 != n {
				return
			}
			changed = path
			switch part.Kind() {
			case reflect.String:
				part.SetString("x")
			case reflect.Bool:
				part.SetBool(true)
			case reflect.Int, reflect.Int32, reflect.Int64:
				part.SetInt(1)
			case reflect.Uint8, reflect.Uint32:
				part.SetUint(1)
			case reflect.Pointer:
				part.SetZero()
			case reflect.Map:
				part.Set(reflect.ValueOf(map[string]string{"app": "web"}))
			case reflect.Slice:
				part.Set(reflect.MakeSlice(part.Type(), 2, 2))
			default:
				panic(fmt.Sprintf("%s is a %s, which this test does not know", path, part.Kind()))
			}
		})
		if got := all.share(&v); got != &v {
			t.Errorf("a view with another %s is taken for one that was there before", changed)
		}
		again := v
		if all.share(&again) != &v {
			t.Errorf("two equal views with another %s are not shared", changed)
		}
	}
	if all.share(new(View)) == first {
		t.Error("a view without lists is taken for one with lists")
	}
}
