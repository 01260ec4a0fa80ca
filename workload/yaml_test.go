package workload

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func yamlToJSON(text string, limit int) (string, error) {
	v, err := decodeYAML([]byte(text))
	if err != nil {
		return "", err
	}
	out, err := toJSON(v, limit)
	return string(out), err
}

func TestYAMLResolvesAsKubernetesDoes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, want string }{
		"YAML 1.1 booleans":             {"[yes, No, ON, off, y, n, true]", "[true,false,true,false,true,false,true]"},
		"quoted booleans are strings":   {"a: 'yes'", `{"a":"yes"}`},
		"integers in every base":        {"[0x1F, 0o17, 017, 0b11, 1_000, -5]", "[31,15,15,3,1000,-5]"},
		"the largest integers":          {"[18446744073709551615, -9223372036854775808]", "[18446744073709551615,-9223372036854775808]"},
		"floats":                        {"[1.5, 1e3, 1e21, .5]", "[1.5,1000,1e+21,0.5]"},
		"base 60 is a string":           {"a: 1:20", `{"a":"1:20"}`},
		"nulls":                         {"[~, null, ]", "[null,null]"},
		"timestamps are strings":        {"a: 2001-12-14", `{"a":"2001-12-14"}`},
		"binary is decoded":             {"a: !!binary aGk=", `{"a":"hi"}`},
		"binary that is no UTF-8":       {"a: !!binary /w==", "{\"a\":\"\ufffd\"}"},
		"tags":                          {"a: !!str 1\nb: !!float 1\nc: !own x", `{"a":"1","b":1,"c":"x"}`},
		"keys become strings":           {"1: a\ntrue: b\n1.5: c\non: d\n.inf: e", ``},
		"number keys":                   {"1: a\n1.5: c\n.inf: e\nx: f", `{".inf":"e","1":"a","1.5":"c","x":"f"}`},
		"escapes":                       {`a: "\x01\"\\\u2028\n"`, "{\"a\":\"\\u0001\\\"\\\\\u2028\\u000a\"}"},
		"block scalars":                 {"a: |\n  x\n  y\nb: >-\n  x\n  y\n", `{"a":"x\u000ay\u000a","b":"x y"}`},
		"aliases":                       {"a: &a {b: 1}\nc: *a", `{"a":{"b":1},"c":{"b":1}}`},
		"merge keys":                    {"a: &a {b: 1, c: 2}\nd:\n  <<: *a\n  c: 3", `{"a":{"b":1,"c":2},"d":{"b":1,"c":3}}`},
		"the first of merged maps wins": {"a:\n  <<: [{b: 1}, {b: 2, c: 3}]", `{"a":{"b":1,"c":3}}`},
		"a later merge key wins":        {"a:\n  b: 1\n  <<: {b: 2}", `{"a":{"b":2}}`},
		"a merge key by its tag":        {"a:\n  ! \"\\x3c<\": {b: 2}", `{"a":{"b":2}}`},
		"a quoted merge key is a key":   {"a:\n  \"<<\": {b: 2}", `{"a":{"<<":{"b":2}}}`},
		"a list of maps":                {"- key: a\n  value: b", `[{"key":"a","value":"b"}]`},
		"a list of maps behind a comment that ends oddly": {"# c\r- key: a\n  value: b", `[{"key":"a","value":"b"}]`},
		"an empty map":                {"{}", "{}"},
		"a complex key of one scalar": {"? a\n: b", `{"a":"b"}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := yamlToJSON(test.in, 1<<20)
			if test.want == "" {
				// true and on are the same key.
				if err == nil || !strings.HasPrefix(err.Error(), `duplicate key "true"`) {
					t.Errorf("got %s, %v", got, err)
				}
				return
			}
			if err != nil || got != test.want {
				t.Errorf("got %s, %v, want %s", got, err, test.want)
			}
		})
	}
}

func TestYAMLErrorsAreOneClearLine(t *testing.T) {
	t.Parallel()
	bomb := "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 9; i++ {
		prev := "*a" + string(rune('0'+i-1))
		bomb += "a" + string(rune('0'+i)) + ": &a" + string(rune('0'+i)) + " [" + strings.Repeat(prev+",", 9) + "]\n"
	}
	tests := map[string]struct {
		in   string
		want []string
	}{
		"a duplicate key":                      {"# c\nkind: Pod\nspec:\n  containers: []\n  hostPID: yes\n  containers: []\n", []string{`1.0@6 broken: duplicate key "containers" (line 6, first at line 4)`}},
		"a duplicate key in a second document": {"a: b\n---\na: 1\nb: 2\na: 3\n", []string{"1.0@1 passed", `2.0@5 broken: duplicate key "a" (line 5, first at line 3)`}},
		"keys that collide in JSON":            {"1: a\n\"1\": b\n", []string{`1.0@2 broken: duplicate key "1" (line 2, first at line 1)`}},
		"a duplicate among many keys":          {"a: 1\nb: 1\nc: 1\nd: 1\ne: 1\nf: 1\ng: 1\nh: 1\ni: 1\na: 1\n", []string{`1.0@10 broken: duplicate key "a" (line 10, first at line 1)`}},
		"a duplicate key beside a merge":       {"a: &a {b: 1}\nc:\n  <<: *a\n  d: 1\n  d: 2\n", []string{`1.0@5 broken: duplicate key "d" (line 5, first at line 4)`}},
		"a duplicate key in a merged map":      {"a:\n  <<: {b: 1,\n   b: 2}\n", []string{`1.0@3 broken: duplicate key "b" (line 3, first at line 2)`}},
		"a merge that collides in JSON":        {"a:\n  <<: {1: x}\n  \"1\": y\n", []string{`1.0@1 broken: duplicate key "1"`}},
		"a merge key is overridden":            {"a: &a {b: 1}\nc:\n  <<: *a\n  b: 2\n", []string{"1.0@1 passed"}},
		"a null key":                           {"a: b\n~: c\n", []string{"1.0@1 broken: a key is null"}},
		"a list as key":                        {"a: b\n? [x]\n: c\n", []string{"1.0@1 broken: a key is a list or a map"}},
		"a huge number as key":                 {"18446744073709551615: a\nb: c\n", []string{"1.0@1 broken: the key 18446744073709551615 is too large a number"}},
		"not a number":                         {"a: b\nc: .nan\n", []string{"1.0@1 broken: the value NaN has no form in JSON"}},
		"a tab for indentation":                {"a:\n\tb: c\n", []string{"1.0@2 broken: invalid YAML: found character that cannot start any token"}},
		"wrong indentation":                    {"a: b\n  c: d\n", []string{"1.0@2 broken: invalid YAML: mapping values are not allowed in this context"}},
		"a list among keys":                    {"a: b\n- c\n", []string{"1.0@2 broken: invalid YAML: did not find expected key"}},
		"indentation that ends the document":   {"  a: b\n c: d\n", []string{`1.0@2 broken: text behind the end of the document: is the indentation wrong, or a "---" missing?`}},
		"an unknown anchor":                    {"a: *x\n", []string{"1.0@1 broken: invalid YAML: unknown anchor 'x' referenced"}},
		"an anchor in itself":                  {"a: &x [*x]\n", []string{"1.0@1 broken: invalid YAML: anchor 'x' value contains itself"}},
		"a bomb":                               {bomb, []string{"1.0@1 broken: invalid YAML: document contains excessive aliasing"}},
		"a bomb of long strings": {
			"a: &a " + strings.Repeat("x", 5000) + "\nb: [" + strings.Repeat("*a,", 1000) + "]\n",
			[]string{"1.0@1 broken: the object grows too large when its aliases are expanded"},
		},
		"deep nesting in YAML": {strings.Repeat("[", 20000) + "\n", []string{"1.0@1 broken: invalid YAML: exceeded max depth of 10000"}},
		"deep nesting that YAML allows": {
			"apiVersion: v1\nkind: Pod\nspec: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "\n",
			[]string{"1.0@3 broken: nested deeper than 1000 levels"},
		},
	}
	r := newTestReader(t, Options{MaxObject: 1 << 18})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, readAll(t, r, strings.NewReader(test.in))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestPanicsOfTheYAMLLibraryAreErrors(t *testing.T) {
	t.Parallel()
	err := guard(func() error {
		// As a mistake in the library would.
		return errors.New(strings.Fields("")[0])
	})
	if err == nil || !strings.HasPrefix(err.Error(), "the YAML library failed: ") {
		t.Errorf("got %v", err)
	}
}
