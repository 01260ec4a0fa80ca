package workload

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPositions(t *testing.T) {
	t.Parallel()
	const podText = `# a pod
apiVersion: v1
kind: Pod
metadata:
  annotations:
    a.b/c: "x"
spec:
  hostNetwork: true
  securityContext:
    # what follows is the value
    runAsNonRoot: false
  containers:
  # first
  - name: a
    securityContext: {"ä": ö, capabilities: {add: [ NET_RAW, "SYS_TIME" ]}}
  -
    name: b
    securityContext:
`
	paths := map[string]string{
		"spec.hostNetwork":                         "8:16",
		"spec.securityContext":                     "11:5",
		"spec.securityContext.runAsNonRoot":        "11:19",
		"spec.securityContext.seccompProfile.type": "9:3",
		"spec.hostPID":                             "7:1",
		"spec":                                     "8:3",
		`metadata.annotations["a.b/c"]`:            "6:12",
		`metadata.annotations["none"]`:             "5:3",
		"spec.containers":                          "14:3",
		"spec.containers[0]":                       "14:5",
		"spec.containers[0].ports[0].hostPort":     "14:5",
		"spec.containers[0].securityContext.capabilities.add[1]": "15:62",
		"spec.containers[0].securityContext.capabilities.drop":   "15:31",
		"spec.containers[0].securityContext.privileged":          "15:5",
		"spec.containers[1].securityContext.capabilities":        "18:5",
		"spec.containers[2].name":                                "12:3",
		"status.x":                                               "2:1",
		"":                                                       "2:1",
		"spec..x":                                                "0:0",
		"spec.containers[x]":                                     "0:0",
		`metadata["x`:                                            "0:0",
	}
	texts := map[string]string{
		"YAML":        podText,
		"YAML, CRLF":  strings.ReplaceAll(podText, "\n", "\r\n"),
		"YAML, a BOM": "\xef\xbb\xbf" + podText,
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkPositions(t, newTestReader(t, Options{}), strings.NewReader(text), paths)
		})
	}
}

// checkPositions checks positions in the one template of an input.
func checkPositions(t *testing.T, r *Reader, in io.Reader, want map[string]string) {
	t.Helper()
	count := 0
	for item := range r.Read("in", in) {
		for i := range item.Templates {
			count++
			for path, want := range want {
				line, column := item.Templates[i].Position(path)
				if got := fmt.Sprintf("%d:%d", line, column); got != want {
					t.Errorf("%s: %s, want %s", path, got, want)
				}
			}
		}
		if item.Err != nil {
			t.Errorf("%v", item.Err)
		}
	}
	if count != 1 {
		t.Errorf("%d templates", count)
	}
}

func TestPositionsInJSON(t *testing.T) {
	t.Parallel()
	const text = "\n" + `  {"apiVersion":"v1", "kind":"Pod",
  "metadata":{"annotations":{"ä":"ö","a\"b":"x"}},
  "spec":{ "hostNetwork" : true,
	"containers":[{"name":"a"}, {"name":"ö","securityContext":{"capabilities":{"add":["X", "Y"]}}}]}}`
	paths := map[string]string{
		"spec":                         "4:10",
		"spec.hostNetwork":             "4:28",
		"spec.hostPID":                 "4:3",
		`metadata.annotations["a\"b"]`: "3:45",
		"spec.containers[0]":           "5:16",
		"spec.containers[0].ports":     "5:16",
		"spec.containers[1].securityContext.capabilities.add[1]": "5:89",
		"spec.containers[1].securityContext.capabilities.drop":   "5:61",
		"spec.containers[2]": "5:2",
		"status":             "2:3",
		"":                   "2:3",
	}
	checkPositions(t, newTestReader(t, Options{}), strings.NewReader(text), paths)
	checkPositions(t, newTestReader(t, Options{}), strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n")), paths)
}

func TestPositionsInLists(t *testing.T) {
	t.Parallel()
	const item = `{"apiVersion":"v1","kind":"Pod","spec":{"hostPID":true}}`
	tests := map[string]struct {
		in   string
		want map[string]string
	}{
		"JSON": {
			`{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Namespace"},"ö",` + "\n \"ö\", " + item + "]}",
			map[string]string{"spec.hostPID": "2:57", "spec.x": "2:39", "": "2:7"},
		},
		"a List in a List": {
			`{"apiVersion":"v1","kind":"List","items":[` + "\n" + `{"apiVersion":"v1","kind":"List","items":[` + "\n" + item + "]}]}",
			map[string]string{"spec.hostPID": "3:51"},
		},
		"YAML in block style": {
			"# c\napiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Namespace\n- # c\n  apiVersion: v1\n  kind: Pod\n  spec:\n    hostPID: true\nkind: List\n",
			map[string]string{"spec.hostPID": "10:14", "spec.x": "9:3", "": "7:3"},
		},
		"YAML in block style, the item on its dash's line": {
			"apiVersion: v1\nitems:\n  - spec: {hostPID: true}\n    apiVersion: v1\n    kind: Pod\nkind: List\n",
			map[string]string{"spec.hostPID": "3:21", "": "3:5"},
		},
		"YAML in flow style": {
			"{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Namespace},\n  {apiVersion: v1, kind: Pod, spec: {hostPID: yes}}]}\n",
			map[string]string{"spec.hostPID": "2:47", "spec.x": "2:31", "": "2:3"},
		},
		"an item that is an alias": {
			"apiVersion: v1\nkind: List\nx: &p {apiVersion: v1, kind: Pod, spec: {hostPID: yes}}\nitems:\n- *p\n",
			map[string]string{"spec.hostPID": "3:51", "": "5:3"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, limit := range []int{0, len(test.in) - 1} {
				count := 0
				for item := range newTestReader(t, Options{MaxObject: limit}).Read("in", strings.NewReader(test.in)) {
					for i := range item.Templates {
						count++
						for path, want := range test.want {
							line, column := item.Templates[i].Position(path)
							if got := fmt.Sprintf("%d:%d", line, column); got != want {
								t.Errorf("%q: %s, want %s", path, got, want)
							}
						}
					}
				}
				if count == 0 && limit == 0 {
					t.Error("no template")
				}
			}
		})
	}
}

func TestPositionsOfAliasesAndMergeKeys(t *testing.T) {
	t.Parallel()
	const text = `x:
  sc: &sc {privileged: true}
  base: &base
    name: a
    securityContext: *sc
  other: &other {image: i, name: o}
apiVersion: v1
kind: Pod
spec:
  containers:
  - <<: [*base, *other]
    ports: []
  - securityContext: *sc
    <<: *other
    name: b
`
	checkPositions(t, newTestReader(t, Options{}), strings.NewReader(text), map[string]string{
		"spec.containers[0].name":                       "4:11",
		"spec.containers[0].image":                      "6:25",
		"spec.containers[0].securityContext":            "5:22",
		"spec.containers[0].securityContext.privileged": "2:24",
		"spec.containers[0].tty":                        "11:5",
		"spec.containers[1].securityContext":            "13:22",
		"spec.containers[1].securityContext.privileged": "2:24",
		"spec.containers[1].securityContext.x":          "13:5",
		"spec.containers[1].name":                       "15:11",
	})
}

func TestPositionsUnderKeysWithTags(t *testing.T) {
	t.Parallel()
	const text = `%TAG ! tag:yaml.org,2002:
---
apiVersion: v1
kind: !binary UG9k
spec:
  !!binary Y29udGFpbmVycw==: # containers
  - !binary c2VjdXJpdHlDb250ZXh0: {privileged: true}
    !!str name: a
  !<tag:yaml.org,2002:str> hostPID: true
  hostIPC: true
metadata:
  annotations: {!!str y: "1", 0x10: "2"}
`
	checkPositions(t, newTestReader(t, Options{}), strings.NewReader(text), map[string]string{
		"spec.containers[0].securityContext.privileged": "7:48",
		"spec.containers[0].name":                       "8:17",
		"spec.containers[0].image":                      "7:5",
		"spec.hostPID":                                  "9:37",
		"spec.hostIPC":                                  "10:12",
		"metadata.annotations.y":                        "12:26",
		`metadata.annotations["16"]`:                    "12:37",
	})
}

func TestDuplicateKeysWithTags(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"kind: a\n!!binary a2luZA==: b\n":                       `1.0@2 broken: duplicate key "kind" (line 2, first at line 1)`,
		"<<: {x: y}\nkind: a\n!!binary a2luZA==: b\n":           `1.0@3 broken: duplicate key "kind" (line 3, first at line 2)`,
		"<<: {x: 1, !!binary eA==: 2}\napiVersion: v1\n":        `1.0@1 broken: duplicate key "x" (line 1, first at line 1)`,
		"a: {!!binary a2luZA==: b, !!binary bmFtZQ==: c}\n":     "1.0@1 passed",
		"<<: {a: b}\n!!binary bmFtZQ==: b\n!!str bmFtZQ==: d\n": "1.0@1 passed",
	} {
		if diff := cmp.Diff([]string{want}, readAll(t, newTestReader(t, Options{}), strings.NewReader(text))); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestPositionsAfterLineEndsOnlyYAMLHas(t *testing.T) {
	t.Parallel()
	const text = "apiVersion: v1\nkind: Pod # \u2028# x\u0085spec:\r  hostPID: true\n  hostIPC: true\n"
	checkPositions(t, newTestReader(t, Options{}), strings.NewReader(text), map[string]string{
		"spec.hostPID": "2:35", "spec.hostIPC": "3:12",
	})
}

func TestPositionOfTemplateWithoutText(t *testing.T) {
	t.Parallel()
	item := newTestReader(t, Options{}).ReadObject([]byte(podJSON("a")))
	if line, column := item.Templates[0].Position("spec"); line != 0 || column != 0 {
		t.Errorf("%d:%d", line, column)
	}
}
