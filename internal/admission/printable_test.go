package admission

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/timing"
	"github.com/gabion-security/gabion/pss"
)

func TestPrintable(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 256)
	tests := []struct{ name, in, value, sentence string }{
		{"nothing", "", "", ""},
		{"an ordinary value", "NET_ADMIN <a&b> 'x'", "NET_ADMIN <a&b> 'x'", "NET_ADMIN <a&b> 'x'"},
		{"letters of other scripts", "héllo ✓ 漢", "héllo ✓ 漢", "héllo ✓ 漢"},
		{"quotes", `a", "b`, `a\", \"b`, `a", "b`},
		{"backslashes", `a\nb`, `a\\nb`, `a\nb`},
		{"control characters", "a\nb\x00\x1b\x7f\u0085", `a\nb\x00\x1b\x7f\u0085`, `a\nb\x00\x1b\x7f\u0085`},
		{"what turns text around or cannot be seen", "a\u202eb\u200b\ufeff\u2028", `a\u202eb\u200b\ufeff\u2028`, `a\u202eb\u200b\ufeff\u2028`},
		{"invalid UTF-8", "a\xffb\xc3", `a\xffb\xc3`, `a\xffb\xc3`},
		{"a replacement character", "a\ufffd", "a\ufffd", "a\ufffd"},
		{"the longest value", long, long, long},
		{"a value that is too long", long + "x", strings.Repeat("é", 255) + "…", long + "x"},
		{"a value that is too long when it is escaped", strings.Repeat("\n", 200), strings.Repeat(`\n`, 127) + "…", strings.Repeat(`\n`, 200)},
		{"a value whose last escape would be cut", strings.Repeat("a", 255) + "\n", strings.Repeat("a", 255) + "…", strings.Repeat("a", 255) + `\n`},
		{"a text that is too long", strings.Repeat("a", 2000), strings.Repeat("a", 255) + "…", strings.Repeat("a", 1023) + "…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := printable(tt.in); got != tt.value {
				t.Errorf("printable is %q, want %q", got, tt.value)
			}
			if got := sentence(tt.in); got != tt.sentence {
				t.Errorf("sentence is %q, want %q", got, tt.sentence)
			}
			if got := cut(tt.in); utf8.RuneCountInString(got) > 256 || !strings.HasPrefix(tt.in, strings.TrimSuffix(got, "…")) {
				t.Errorf("cut is %q", got)
			}
			if got := printable(tt.value); ordinary(tt.in) != (tt.in == tt.value) || !ordinary(tt.in) && tt.in == got {
				t.Errorf("%q is ordinary: %t", tt.in, ordinary(tt.in))
			}
		})
	}
}

// Every text of the engine's view is visited, and cloned before it is changed.
func TestEveryTextOfAPodIsVisited(t *testing.T) {
	t.Parallel()
	var p pss.Pod
	want := fill(reflect.ValueOf(&p).Elem())
	original := clone(&p)
	got := 0
	visit := func(s *string) {
		if *s != "text" {
			t.Errorf("%q is visited twice", *s)
		}
		*s = "seen"
		got++
	}
	changed := clone(&p)
	eachText(changed, visit, visit)
	if got != want {
		t.Errorf("%d texts are visited, there are %d", got, want)
	}
	if diff := cmp.Diff(original, &p); diff != "" {
		t.Errorf("the clone shares memory with the pod:\n%s", diff)
	}
}

// fill makes every list of a value one item long and every string "text", and
// returns how many strings there are.
func fill(v reflect.Value) (texts int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("text")
		return 1
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		return fill(v.Index(0))
	case reflect.Struct:
		for i := range v.NumField() {
			texts += fill(v.Field(i))
		}
	default:
	}
	return texts
}

func TestValuesOfPodsAreEscapedAndCut(t *testing.T) {
	t.Parallel()
	evil := "x\", \"y\n\x00" + strings.Repeat("z", 100_000)
	escaped := `x\", \"y\n\x00` + strings.Repeat("z", 256-14-1) + "…"
	object := func(change func(spec, container, context map[string]any)) string {
		context := map[string]any{}
		container := map[string]any{"name": "c", "securityContext": context}
		spec := map[string]any{"containers": []any{container}}
		change(spec, container, context)
		data, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "Pod", "spec": spec, "metadata": map[string]any{
			"annotations": spec["annotations"],
		}})
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	tests := []struct{ name, object, want string }{
		{"a capability", object(func(_, _, context map[string]any) {
			context["capabilities"] = map[string]any{"add": []string{evil}}
		}), `non-default capabilities (container "c" must not include "` + escaped + `" in securityContext.capabilities.add)`},
		{"a host", object(func(_, c, _ map[string]any) {
			c["livenessProbe"] = map[string]any{"httpGet": map[string]any{"host": evil}}
		}), `probe or lifecycle host (container "c" uses probe or lifecycle host "` + escaped + `")`},
		{"an annotation, which is quoted", object(func(spec, _, _ map[string]any) {
			spec["annotations"] = map[string]string{pss.AppArmorAnnotationPrefix + "c": "x\"\n" + strings.Repeat("z", 1000)}
		}), `x\"\n` + strings.Repeat("z", 252) + `…"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.namespaces["all"] = map[string]string{pss.EnforceLabel: "baseline", pss.AuditLabel: "baseline"}
			d := w.controller(t).Decide(t.Context(), pod(Create, "all", tt.object))
			if d.Allowed || !strings.Contains(d.Message, tt.want) || !strings.Contains(d.Annotations[0].Value, tt.want) {
				t.Errorf("message is %q, want it to have\n%q", cut(d.Message), tt.want)
			}
			if len(d.Message) > 1000 {
				t.Errorf("the message has %d bytes", len(d.Message))
			}
		})
	}
}

func TestNamesAndErrorsAreEscapedAndCut(t *testing.T) {
	t.Parallel()
	c := newWorld().controller(t)
	long := strings.Repeat("n", 100_000)
	r := pod(Create, long, goodPod)
	if d := c.Decide(t.Context(), r); len(d.Message) > 400 || len(d.Annotations[0].Value) > 500 {
		t.Errorf("the message has %d bytes, the annotation %d", len(d.Message), len(d.Annotations[0].Value))
	}
	r = namespaced(Create, "n", `{"pod-security.kubernetes.io/enforce":"`+long+`"}`, "")
	if d := c.Decide(t.Context(), r); d.Code != 422 || len(d.Message) > 600 || len(d.Details.Causes[0].Message) > 500 {
		t.Errorf("the message has %d bytes", len(d.Message))
	}
	r = pod(Create, "restricted", hostPod)
	r.Name = long
	if d := c.Decide(t.Context(), r); d.Code != 403 || len(d.Message) > 1000 {
		t.Errorf("the message has %d bytes", len(d.Message))
	}
}

// Each of the pods violates all that containers can.
func TestAPodOfWhichThereIsTooMuchToSayGetsNoDetails(t *testing.T) {
	t.Parallel()
	many := func(n int, name string) *pss.Pod {
		p := &pss.Pod{}
		for i := range n {
			p.Containers = append(p.Containers, pss.Container{Name: name, Index: i, AddedCapabilities: []string{name}})
		}
		return p
	}
	for name, tt := range map[string]struct {
		pod     *pss.Pod
		details bool
	}{
		"as many items as there may be":  {many(maxItems/2, "container"), true},
		"more":                           {many(maxItems/2+1, "container"), false},
		"as much text as there may be":   {many(maxTexts/256/2, strings.Repeat("a", 256)), true},
		"more, of fewer items":           {many(maxTexts/256/2+1, strings.Repeat("a", 256)), false},
		"text that is cut":               {many(100, strings.Repeat("a", 2000)), true},
		"text that escaping makes large": {many(maxTexts/256/2+1, strings.Repeat("\x01", 64)), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			verdict, err := pss.Evaluator{}.Evaluate(tt.pod, pss.LevelVersion{Level: pss.Restricted, Version: pss.Latest})
			if err != nil {
				t.Fatal(err)
			}
			got := detail(pss.Evaluator{}, verdict, tt.pod)
			if details := got != verdict.Reason(); details != tt.details {
				t.Errorf("details: %v, want %v: %.200s", details, tt.details, got)
			}
			if len(got) > 16*maxTexts {
				t.Errorf("%d bytes", len(got))
			}
		})
	}
}

func TestALongValueIsLookedAtNoFurtherThanItIsShown(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 8<<20)
	whole := timing.Fastest(5, func() {
		if utf8.RuneCountInString(long) != 8<<20 {
			t.Error("the runes were counted wrong")
		}
	})
	for name, shown := range map[string]func(string) string{"printable": printable, "cut": cut, "quote": quote} {
		took := timing.Fastest(5, func() {
			if got := shown(long); utf8.RuneCountInString(strings.Trim(got, `"`)) != maxValue {
				t.Errorf("%s shows %d bytes", name, len(got))
			}
		})
		if took > whole/8 {
			t.Errorf("%s takes %v, and to go over all of it takes %v", name, took, whole)
		}
	}
}

func TestWhatIsCutHasAsManyRunesAsItMay(t *testing.T) {
	t.Parallel()
	for _, r := range []string{"a", "é", "€", "😀", "\xff"} {
		for _, n := range []int{maxValue - 1, maxValue, maxValue + 1, utf8.UTFMax * maxValue, utf8.UTFMax*maxValue + 1} {
			text := strings.Repeat(r, n)
			want := text
			if n > maxValue {
				want = strings.Repeat(r, maxValue-1) + "…"
			}
			if got := cut(text); got != want {
				t.Errorf("%d times %q: got %q", n, r, got)
			}
			if ordinary(text) != (n <= maxValue && r != "\xff") {
				t.Errorf("%d times %q: ordinary %v", n, r, ordinary(text))
			}
		}
	}
}
