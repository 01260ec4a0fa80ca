package workload

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseTemplatePath(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]TemplatePath{
		"x.io/Thing=.spec.roles[*].template":   {Group: "x.io", Kind: "Thing", Path: "spec.roles[*].template"},
		"Thing=.template":                      {Kind: "Thing", Path: "template"},
		"x.io/Thing=.spec.replicas.*.template": {Group: "x.io", Kind: "Thing", Path: "spec.replicas.*.template"},
		`x.io/Thing=.spec["a.b/c"].t`:          {Group: "x.io", Kind: "Thing", Path: `spec["a.b/c"].t`},
		`x.io/Thing=["a=b"]`:                   {Group: "x.io", Kind: "Thing", Path: `["a=b"]`},
	} {
		got, err := ParseTemplatePath(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", text, err, diff)
		}
	}
	for text, want := range map[string]string{
		"":                       `pod template path "": want group/Kind=.path.to.template`,
		"Thing":                  `pod template path "Thing": want group/Kind=.path.to.template`,
		"x.io/v1/Thing=.spec":    `pod template path "x.io/v1/Thing=.spec": "x.io/v1" is no API group (do not give a version)`,
		"/Thing=.spec":           `pod template path "/Thing=.spec": "" is no API group (do not give a version)`,
		"Thing=":                 `pod template path "Thing=": the path must begin with a dot`,
		"Thing=spec":             `pod template path "Thing=spec": the path must begin with a dot`,
		"Thing=.":                `pod template path "Thing=.": path "": "" is no plain key, write it ["key"]`,
		"=.spec":                 `pod template path "=.spec": "" is no kind`,
		"x.io/=.spec":            `pod template path "x.io/=.spec": "" is no kind`,
		"Thing=.a..b":            `pod template path "Thing=.a..b": path "a..b": "" is no plain key, write it ["key"]`,
		"Thing=.a.":              `pod template path "Thing=.a.": path "a.": "" is no plain key, write it ["key"]`,
		"Thing=.a[0]":            `pod template path "Thing=.a[0]": path "a[0]": [0]: want .key, .*, [*] or ["key"]`,
		"Thing=.a[*]b":           `pod template path "Thing=.a[*]b": path "a[*]b": b: want .key, .*, [*] or ["key"]`,
		`Thing=.a["b`:            `pod template path "Thing=.a[\"b": path "a[\"b": ["b: a quoted key is written ["key"]`,
		"Thing=.a b":             `pod template path "Thing=.a b": path "a b": "a b" is no plain key, write it ["key"]`,
		"Thing=.a*":              `pod template path "Thing=.a*": path "a*": "a*" is no plain key, write it ["key"]`,
		"my thing/X Y=.spec.pod": `pod template path "my thing/X Y=.spec.pod": "X Y" is no kind`,
	} {
		if _, err := ParseTemplatePath(text); err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
}

func TestPathsThatUsersAdd(t *testing.T) {
	t.Parallel()
	opts := Options{Paths: []TemplatePath{
		{Group: "x.io", Kind: "Thing", Path: "spec.b.*.t"},
		{Group: "x.io", Kind: "Thing", Path: `.spec["a.b"][*][*]`, Partial: true},
		{Kind: "Core", Path: "pod"},
		{Group: "argoproj.io", Kind: "Rollout", Path: "spec.other"},
	}}
	template := func(name string) string { return `{"spec":{"containers":[{"name":"` + name + `"}]}}` }
	for text, want := range map[string][]string{
		`{"apiVersion":"x.io/v1","kind":"Thing","spec":{"a.b":[[` + template("4") + `],null,[` + template("5") + `,null]],"b":{"z":{"t":` + template("3") + `},"k.l":{"t":` + template("2") + `},"a":{"t":` + template("1") + `},"none":{}}}}`: {
			`1 spec.b.a.t false`, `2 spec.b["k.l"].t false`, `3 spec.b.z.t false`, `4 spec["a.b"][0][0] true`, `5 spec["a.b"][2][0] true`,
		},
		`{"apiVersion":"v1","kind":"Core","pod":{"containers":[{"name":"bare"}]}}`:                      {"bare pod false"},
		`{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","spec":{"other":` + template("o") + `}}`: {"o spec.other false"},
	} {
		item := readJSON(t, opts, text, true)
		var got []string
		for _, template := range item.Templates {
			partial := " false"
			if template.Partial {
				partial = " true"
			}
			got = append(got, template.Pod.Containers[0].Name+" "+template.Path+partial)
		}
		if diff := cmp.Diff(want, got); diff != "" || item.Err != nil {
			t.Errorf("%s: %v\n%s", text, item.Err, diff)
		}
	}
	for text, want := range map[string]string{
		`{"apiVersion":"x.io/v1","kind":"Thing","spec":{"b":[]}}`:                             "spec.b: expected an object, found a list",
		`{"apiVersion":"x.io/v1","kind":"Thing","spec":{"b":{"a":{"t":1}}}}`:                  "spec.b.a.t: expected an object, found a number",
		`{"apiVersion":"x.io/v1","kind":"Thing","spec":{"a.b":{}}}`:                           `spec["a.b"]: expected a list, found an object`,
		`{"apiVersion":"x.io/v1","kind":"Thing","spec":{"B":{}}}`:                             `unknown field "B" at spec (did you mean "b"?)`,
		`{"apiVersion":"x.io/v1","kind":"Thing","spec":{"b":{"k":{},"k":{"t":{"spec":{}}}}}}`: `duplicate key "k" at spec.b`,
	} {
		if item := readJSON(t, opts, text, false); item.Outcome != Broken || item.Err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, item.Err, want)
		}
	}
	for want, path := range map[string]TemplatePath{
		`pod template path of Pod: Kubernetes' own kinds cannot be redefined`:              {Kind: "Pod", Path: "spec"},
		`pod template path of apps/Deployment: Kubernetes' own kinds cannot be redefined`:  {Group: "apps", Kind: "Deployment", Path: "spec"},
		`pod template path of x.io/Thing: path "a[0]": [0]: want .key, .*, [*] or ["key"]`: {Group: "x.io", Kind: "Thing", Path: "a[0]"},
	} {
		if _, err := NewReader(Options{Paths: []TemplatePath{path}}); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestPathsToOffsets(t *testing.T) {
	t.Parallel()
	const text = ` {"a": [ 1, {"b.c/d": "HERE", "e": {}} ], "": 2}`
	for at, want := range map[string]string{
		`{"a"`: "", `[ 1`: "a", `1,`: "a[0]", `{"b`: "a[1]", `"b.c`: "a[1]", `"HERE"`: `a[1]["b.c/d"]`, `{}`: "a[1].e", `2}`: `[""]`, `"":`: "",
	} {
		offset := -1
		for i := range text {
			if len(text)-i >= len(at) && text[i:i+len(at)] == at {
				offset = i
			}
		}
		if got := pathTo([]byte(text), offset); got != want {
			t.Errorf("%s: got %q, want %q", at, got, want)
		}
	}
}
