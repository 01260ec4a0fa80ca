package workload

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestScannerSkipsWhatIsJSON(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 40)
	for name, text := range map[string]string{
		"an empty object":                   `{}`,
		"nested lists and objects":          `{"a":[1,[2,{"b":{}}],[]],"c":{"d":null}}`,
		"white space of every kind":         "\t{\r\n\"a\" :\n         [ 1 ,\n                 2 ] }\n",
		"numbers of every form":             `[0,-0,10,-1.5,1e9,1E+9,2.5e-3,0.0]`,
		"literals":                          `[true,false,null]`,
		"escapes":                           `["\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"]`,
		"half a surrogate pair":             `["\ud800 \udc00x"]`,
		"characters that are not ASCII":     `["é漢😀` + long + `漢"]`,
		"a long string":                     `{"` + long + `":"` + long + long + `"}`,
		"a deep list":                       strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth),
		"a string with a delete character":  "[\"\x7f\"]",
		"a replacement character":           `["�"]`,
		"a special byte at each place of 8": `["1\n","12\n","123\n","1234\n","12345\n","123456\n","1234567\n","12345678\n"]`,
	} {
		s := scanner{data: []byte(text)}
		s.skip()
		s.end()
		if s.err != nil {
			t.Errorf("%s: %v at %d", name, s.err, s.err.offset)
		}
	}
}

func TestScannerRefusesWhatIsNot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text, want string
		offset     int
	}{
		"nothing":                          {"", "the JSON ends too early: expected a value", 0},
		"an object that is not closed":     {`{"a":1`, `the JSON ends too early: expected "," or "}"`, 6},
		"a list that is not closed":        {`[1,`, "the JSON ends too early: expected a value", 3},
		"a string that is not closed":      {`["abc`, "the JSON ends too early: a string is not closed", 5},
		"a closing bracket that is wrong":  {`{"a":[1}`, `invalid JSON: expected "," or "]", found '}'`, 7},
		"a comma at the end of an object":  {`{"a":1,}`, "invalid JSON: expected a key in double quotes, found '}'", 7},
		"a comma at the end of a list":     {`[1,]`, "invalid JSON: expected a value, found ']'", 3},
		"a missing colon":                  {`{"a" 1}`, `invalid JSON: expected ":", found '1'`, 5},
		"a key without quotes":             {`{a:1}`, "invalid JSON: expected a key in double quotes, found 'a'", 1},
		"a single-quoted escape":           {`["\'"]`, "invalid JSON: a string has an invalid escape", 2},
		"a short unicode escape":           {`["\u12"]`, "invalid JSON: a string has an invalid escape", 2},
		"a raw line end in a string":       {"[\"a\nb\"]", "invalid JSON: a string has a raw control character", 3},
		"bytes that are not UTF-8":         {"[\"a\xff\"]", "a string is not valid UTF-8", 3},
		"a surrogate encoded as UTF-8":     {"[\"\xed\xa0\x80\"]", "a string is not valid UTF-8", 2},
		"a number with a leading zero":     {`[01]`, `invalid JSON: expected "," or "]", found '1'`, 2},
		"a number with a plus":             {`[+1]`, "invalid JSON: expected a value, found '+'", 1},
		"a number without digits":          {`[-]`, "invalid JSON: expected a value, found '-'", 1},
		"a number with nothing after .":    {`[1.]`, "invalid JSON: a number has no digits after its point", 3},
		"a number with an empty exponent":  {`[1e+]`, "invalid JSON: a number has no digits in its exponent", 4},
		"a misspelt literal":               {`[nul]`, "invalid JSON: expected null, found 'n'", 1},
		"a capital literal":                {`[True]`, "invalid JSON: expected a value, found 'T'", 1},
		"a second value":                   {`{} {}`, "invalid JSON: expected nothing after the object, found '{'", 3},
		"a comment":                        {`{} // x`, "invalid JSON: expected nothing after the object, found '/'", 3},
		"a byte order mark":                {"\ufeff{}", "invalid JSON: expected a value, found '\\ufeff'", 0},
		"a NUL":                            {"[\x00]", "invalid JSON: expected a value, found '\\x00'", 1},
		"a list that is too deep":          {strings.Repeat("[", maxDepth+1), "nested deeper than 1000 levels", maxDepth},
		"objects that are too deep":        {strings.Repeat(`{"a":`, maxDepth+1), "nested deeper than 1000 levels", 5 * maxDepth},
		"a special character after others": {"[\"12345678901\x01\"]", "invalid JSON: a string has a raw control character", 13},
	} {
		s := scanner{data: []byte(c.text)}
		s.skip()
		s.end()
		if s.err == nil {
			t.Errorf("%s: no error", name)
		} else if s.err.msg != c.want || s.err.offset != c.offset {
			t.Errorf("%s:\n got %s at %d\nwant %s at %d", name, s.err.msg, s.err.offset, c.want, c.offset)
		}
	}
}

// The scanner must agree with encoding/json on what is JSON, but for its depth
// and invalid UTF-8, which it refuses.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,2.5e-3,true,null,"\u00e9\ud83d\ude00x"]}`, `[01]`, `{"a":1,}`, `"\ud800"`, "[\"\xff\"]", ` [ ] `, `{"":{"":[]}}x`,
		`-`, `1e`, `[1 2]`, `{"a" 1}`, "\"123456\n\"", `"12345678\"123"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s := scanner{data: text}
		s.skip()
		s.end()
		want := json.Valid(text)
		if got := s.err == nil; got == want {
			return
		} else if got {
			t.Fatalf("%q is taken for JSON", text)
		}
		if s.err.msg == "nested deeper than 1000 levels" || !utf8.Valid(text) {
			return
		}
		t.Fatalf("%q: %v", text, s.err)
	})
}

func TestStringsAreUnescapedAsEncodingJSONDoes(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`""`, `"plain"`, `"\"\\\/\b\f\n\r\t"`, `"\u0041\u00e9\u6f22"`, `"\ud83d\ude00"`, `"\ud83dx"`, `"\ud83d\u0041"`,
		`"\ude00\ud83d"`, `"\ud83d\ud83d\ude00"`, `"a漢\u006e"`, `"\u0000"`, `"\uFFFD"`, `"\ud83d"`, `"\uDBFF\uDFFF"`,
	} {
		var want string
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		s := scanner{data: []byte(text)}
		if got := s.text(); got != want || s.err != nil {
			t.Errorf("%s: got %q, %v, want %q", text, got, s.err, want)
		}
	}
}

func TestIntegersFitOrFail(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"0": 0, "-0": 0, "-7": -7, "2147483647": 2147483647, "-2147483648": -2147483648,
		"9223372036854775807": 9223372036854775807, "-9223372036854775808": -9223372036854775808, "123456789012345678": 123456789012345678,
	} {
		s := scanner{data: []byte(text)}
		if got := s.integer(64); s.err != nil || !got.Is(want) {
			t.Errorf("%s: got %v, %v", text, got, s.err)
		}
	}
	for _, text := range []string{"1.0", "1e0", "1E2", "9223372036854775808", "-9223372036854775809", `"1"`, "true", "{}", "[1]", "99999999999999999999999"} {
		s := scanner{data: []byte(text)}
		if s.integer(64); s.err == nil {
			t.Errorf("%s passes for 64 bits", text)
		}
	}
	for _, text := range []string{"2147483648", "-2147483649"} {
		s := scanner{data: []byte(text)}
		if s.int32(); s.err == nil {
			t.Errorf("%s passes for 32 bits", text)
		}
	}
}

func TestStringsDoNotKeepTheTextInMemory(t *testing.T) {
	t.Parallel()
	text := []byte(`["web","` + strings.Repeat("y", 300) + `"]`)
	s := scanner{data: text}
	var got []string
	for more := s.list(); more; more = s.nextItem() {
		got = append(got, s.text())
	}
	for i := range text {
		text[i] = '?'
	}
	if got[0] != "web" || got[1] != strings.Repeat("y", 300) {
		t.Errorf("the strings changed with the text: %q", got)
	}
}

func TestDuplicateKeysAreFoundAtAnyDepth(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	many.WriteString(`{"z":{`)
	for i := range 40 {
		many.WriteString(`"k` + strings.Repeat("i", i) + `":0,`)
	}
	many.WriteString(`"kiii":1}}`)
	for name, c := range map[string]struct{ text, want string }{
		"none":                                  {`{"a":{"x":1},"b":{"x":1},"c":[{"x":1},{"x":2}]}`, ""},
		"at the top":                            {`{"a":1,"b":2,"a":3}`, `duplicate key "a" at the top`},
		"in a list's object":                    {`{"a":[{},{"b":1,"b":2}]}`, `duplicate key "b" at a[1]`},
		"escaped differently":                   {`{"a":{"b":1,"\u0062":2}}`, `duplicate key "b" at a`},
		"after a nested object":                 {`{"a":{"b":{"c":1,"d":2},"b":2}}`, `duplicate key "b" at a`},
		"among many":                            {many.String(), `duplicate key "kiii" at z`},
		"under a key that is not plain":         {`{"a.b/c":{"x":1,"x":1}}`, `duplicate key "x" at ["a.b/c"]`},
		"equal to a key of the object above it": {`{"a":{"a":{"a":1}}}`, ""},
	} {
		s := strict([]byte(c.text))
		s.skip()
		got := ""
		if s.err != nil {
			got = s.err.msg
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	h, err := scanHeader([]byte(` {"items": [ {"kind":"X"} ] ,"k\u0069nd":"PodList","apiVersion":"v1","metadata":{}} `))
	if err != nil || h.apiVersion != "v1" || h.kind != "PodList" || !h.hasAPIVersion || !h.hasKind || string(h.items) != `[ {"kind":"X"} ]` {
		t.Errorf("a list: %+v, %v", h, err)
	}
	h, err = scanHeader([]byte(`{"kind":7,"spec":{}}`))
	if err != nil || h.kind != "" || !h.hasKind || h.hasAPIVersion || h.items != nil {
		t.Errorf("a kind that is no string: %+v, %v", h, err)
	}
	for text, want := range map[string]string{
		`{"kind":"A","kind":"B"}`: `duplicate key "kind" at the top`,
		`[]`:                      `expected an object, found a list`,
		`null`:                    `expected an object, found null`,
		``:                        `the JSON ends too early: expected a value`,
		`{"a":1} x`:               `invalid JSON: expected nothing after the object, found 'x'`,
		`{"a":[1,{]}`:             `invalid JSON: expected a key in double quotes, found ']'`,
	} {
		if _, err := scanHeader([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}
