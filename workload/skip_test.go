package workload

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"
)

// skippable are texts that begin with an object or a list, and how many bytes of
// each belong to it; none if it is wrong.
var skippable = map[string]int{
	"{}": 2, "[]": 2, "[ ]": 3, "{ \n}": 4, "[1,2] ,": 5, `{"a":1}}`: 7, "[[[]]]": 6, `{"a":{"b":[]},"c":[{}]}`: 23, `["\"",'']`: 0,
	"[\n  \"a\",\n  null ,true,\tfalse\r\n]": 31, `{ "a" : "b" , "c" : -1.5e+3 }`: 29, `["\\","\"","\u00e9","é","🙂"]`: 32, "[0,-0,10,1e5,0.5]": 17,
	"[": 0, "{": 0, `["`: 0, `["a`: 0, `["a"`: 0, "[1,]": 0, "[,1]": 0, "[1 2]": 0, "[1}": 0, `{"a":1]`: 0, "{]": 0, "[}": 0, `{"a"}`: 0, `{"a" 1}`: 0, `{"a":}`: 0, `{"a":1,}`: 0,
	"{1:2}": 0, "{a:1}": 0, "[01]": 0, "[+1]": 0, "[1.]": 0, "[.5]": 0, "[1e]": 0, "[-]": 0, "[tru]": 0, "[nul]": 0, "[falsy]": 0, "[nulll]": 0, "[True]": 0, "[\"\x01\"]": 0, "[\"\n\"]": 0,
	"[\"\xff\"]": 0, "[\"\xed\xa0\x80\"]": 0, `["\x"]`: 0, `["\u12"]`: 0, `["\`: 0, "[\x00]": 0, "[\x0b1]": 0, `{"a":{"b":[{"c":"d"}]]}`: 0, "[1\u00a0]": 0, `[""x]`: 0,
}

func TestSkippingFindsTheEndOfWhatIsRight(t *testing.T) {
	t.Parallel()
	for text, want := range skippable {
		end, ok := nestedEnd([]byte(text), 0, maxBits)
		if ok != (want > 0) || ok && end != want {
			t.Errorf("%q ends at %d, %v, want %d", text, end, ok, want)
		}
		sameSkipped(t, []byte(text))
	}
}

// sameSkipped holds that an object or list is skipped as it is step by step.
func sameSkipped(t *testing.T, text []byte) {
	t.Helper()
	steps := scanner{data: text, stuckAt: math.MaxInt}
	steps.skip()
	s := scanner{data: text}
	s.skip()
	if (s.err == nil) != (steps.err == nil) || s.err != nil && *s.err != *steps.err || s.pos != steps.pos || s.depth != steps.depth {
		t.Fatalf("%q is skipped up to %d (%v), step by step up to %d (%v)", text, s.pos, s.err, steps.pos, steps.err)
	}
	end, ok := nestedEnd(text, 0, maxBits)
	if ok && (steps.err != nil || end != steps.pos) {
		t.Fatalf("%q ends at %d, step by step at %d (%v)", text, end, steps.pos, steps.err)
	}
	if ok && (!json.Valid(text[:end]) || !utf8.Valid(text[:end])) {
		t.Fatalf("%q is no JSON", text[:end])
	}
	if !ok && steps.err == nil && strings.Count(string(text), "[")+strings.Count(string(text), "{") <= maxBits {
		t.Fatalf("%q ends in vain at %d", text, end)
	}
}

func TestNestingIsSkippedAsDeepAsIsAllowed(t *testing.T) {
	t.Parallel()
	for _, depth := range []int{1, maxBits, maxBits + 1, 3 * maxBits, maxDepth} {
		text := []byte(strings.Repeat(`[{"a":`, depth/2) + strings.Repeat("[", depth%2) + "1" + strings.Repeat("]", depth%2) + strings.Repeat("}]", depth/2))
		s := scanner{data: text}
		if s.skip(); s.err != nil || s.pos != len(text) || s.depth != 0 {
			t.Errorf("%d levels: ends at %d of %d in level %d: %v", depth, s.pos, len(text), s.depth, s.err)
		}
		s = scanner{data: text, depth: maxDepth - depth + 1}
		if s.skip(); s.err == nil || !strings.HasPrefix(s.err.msg, "nested deeper") {
			t.Errorf("%d levels below %d: %v", depth, maxDepth-depth+1, s.err)
		}
	}
}

// What is around something wrong is not gone over again for each of its levels.
func TestSkippingInVainIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	text := `[[[1,2],x],[3]]`
	s := scanner{data: []byte(text)}
	wrong := strings.IndexByte(text, 'x')
	for _, pos := range []int{0, 1, 2} {
		s.pos = pos
		if s.skipNested() || s.pos != pos || s.stuckAt != wrong {
			t.Errorf("from %d to %d, stuck at %d, want %d", pos, s.pos, s.stuckAt, wrong)
		}
	}
	s.pos = strings.IndexByte(text, '3') - 1
	if !s.skipNested() || text[s.pos:] != "]" {
		t.Errorf("what follows is not skipped, but for %q", text[s.pos:])
	}
}

// FuzzSkip holds the same of any text.
func FuzzSkip(f *testing.F) {
	for text := range skippable {
		f.Add([]byte(text))
	}
	f.Add([]byte(everything))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 0 && (text[0] == '{' || text[0] == '[') {
			sameSkipped(t, text)
		}
	})
}
