package pss

import (
	"os"
	"regexp"
	"testing"

	"github.com/gabion-security/gabion/oracle/pss/generate"
	"sigs.k8s.io/yaml"
)

// oddYAML are texts that resolve in ways that surprise.
var oddYAML = []string{
	"", "---\n", "# nothing\n", "apiVersion: v1\nkind: Pod\n", "apiVersion: v1\nkind: Pod\nspec:\n",
	"apiVersion: v1\nkind: Pod\nspec: {hostNetwork: yes, hostPID: on, hostIPC: y, containers: [{name: c}]}\n",
	"apiVersion: v1\nkind: Pod\nspec: {hostNetwork: \"yes\", containers: []}\n",
	"apiVersion: v1\nkind: Pod\nspec: {hostUsers: off, containers: [{name: 012, securityContext: {runAsUser: 0x0}}]}\n",
	"apiVersion: v1\nkind: Pod\nspec: {containers: [{name: 1e3, securityContext: {runAsUser: 0o0, runAsNonRoot: ~}}]}\n",
	"apiVersion: v1\nkind: Pod\nspec: {containers: [{name: 2001-01-01, securityContext: {runAsUser: 1_000, runAsGroup: 0b1}}]}\n",
	"apiVersion: v1\nkind: Pod\nmetadata: {annotations: {seccomp.security.alpha.kubernetes.io/pod: }}\nspec: {containers: []}\n",
	"apiVersion: v1\nkind: Pod\nmetadata: {annotations: {1: a, yes: b, ~: c, 1.5: d}}\nspec: {containers: []}\n",
	"a: &a {hostNetwork: true}\napiVersion: v1\nkind: Pod\nspec: {<<: *a, containers: [{name: c}]}\n",
	"a: &a {hostPID: true, hostIPC: true}\napiVersion: v1\nkind: Pod\nspec: {<<: [*a, {hostPID: false}], hostIPC: false, containers: []}\n",
	"apiVersion: v1\nkind: Pod\nspec: &s {containers: [&c {name: c}, *c]}\n",
	"apiVersion: v1\nkind: Pod\nspec: {\"<<\": {hostPID: true}, containers: []}\n",
	"apiVersion: v1\nkind: Pod\nspec: {!!merge \"x\": {hostPID: true}, containers: []}\n",
	"apiVersion: v1\nkind: Pod\nspec: {hostPID: !!str true, containers: [{name: !!binary aGk=}]}\n",
	"apiVersion: v1\nkind: Pod\nspec: {hostPID: !!bool \"true\", containers: [{name: ! x}]}\n",
	"apiVersion: v1\nkind: Pod\nspec:\n  hostPID: true\n  hostPID: false\n  containers: []\n",
	"\ufeffapiVersion: v1\r\nkind: Pod\r\nspec:\r\n  hostPID: true\r\n  containers: []\r\n",
	"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: |-\n      ---\n      a\n  hostPID: true\n",
	"apiVersion: v1\nkind: Pod\nspec: {containers: [{name: \"a\\u0000\\x41\\N\\_\\L\\e\"}]}\n",
	"? apiVersion\n: v1\n? kind\n: Pod\n? spec\n: {containers: []}\n",
	"%YAML 1.1\n---\napiVersion: v1\nkind: Pod\nspec: {containers: []}\n...\n",
	"apiVersion: v1\nkind: Pod\nspec: {containers: []}\n...\napiVersion: v1\nkind: Pod\n",
	"apiVersion: v1\nkind: Pod\nspec: {containers: [{name: c, ports: [{hostPort: 0x50, containerPort: 8_0}]}]}\n",
	"apiVersion: v1\nkind: Pod\nspec: {containers: [{name: c, ports: [{hostPort: 1.0}, {hostPort: 8e1}, {hostPort: +80}]}]}\n",
	"apiVersion: v1\nkind: Pod\nspec: {containers: [{name: .inf}, {name: .nan}, {name: -0}, {name: =}, {name: <<}]}\n",
	"!!map {apiVersion: v1, kind: Pod, spec: {containers: []}}\n",
	"apiVersion: v1 # c\nkind: Pod\u0085spec: {containers: []}\n",
	"apiVersion: v1\nkind: Pod\nspec: {containers: [{name: \"\\ud83d\\ude00\"}]}\n",
	"{apiVersion: v1, kind: Pod, spec: {containers: []}}\n",
}

// oddJSON are texts on which JSON decoders disagree.
var oddJSON = []string{
	`{}`, `null`, `[]`, `{"apiVersion":"v1","kind":"Pod"}`, `{"apiVersion":"v1","kind":"Pod","spec":null}`,
	`{"apiVersion":"v1","kind":"Pod","spec":{"hostPID":true,"hostPID":null,"containers":[]}}`,
	`{"apiVersion":"v1","kind":"Pod","spec":{"hostPID":true},"spec":{"hostIPC":true}}`,
	`{"apiVersion":"v1","kind":"Pod","spec":{"HostPID":true,"hostpid":true,"containers":[null,{}]}}`,
	`{"apiVersion":"v1","kind":"Pod","Spec":{"hostPID":true},"spec":{"containers":[]}}`,
	`{"apiVersion":"v1","kind":"Pod","spec":{"\u0068ostPID":true,"containers":[{"name":"\ud83d\ude00\ud83d\u0000\/"}]}}`,
	`{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"securityContext":{"runAsUser":-0,"runAsNonRoot":null}}]}}`,
	`{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"securityContext":{"runAsUser":0.0}}]}}`,
	`{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"securityContext":{"runAsUser":1e0}}]}}`,
	`{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"securityContext":{"runAsUser":9223372036854775808}}]}}`,
	`{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"ports":[{"hostPort":2147483648}]}]}}`,
	`{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"ports":{},"securityContext":[]}]}}`,
	`{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"securityContext":{"capabilities":{"add":[null,"a"],"drop":["ALL"]}}}]}}`,
	`{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"seccomp.security.alpha.kubernetes.io/pod":null}},"spec":{}}`,
	`{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"x":1}},"spec":{}}`,
	`{"apiVersion":"v1","kind":"Pod","spec":{"volumes":[{"name":"v","hostPath":null,"emptyDir":{}},{"secret":{}},null]}}`,
	`{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"` + "\xff" + `"}]}}`,
	`{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"` + "\x01" + `"}]}}`,
	"\ufeff" + `{"apiVersion":"v1","kind":"Pod","spec":{}}`, `{"apiVersion":"v1","kind":"Pod","spec":{}} {}`,
	`{"apiVersion":"apps/v1","kind":"Deployment","spec":{"template":null}}`,
	`{"apiVersion":"v1","kind":"ReplicationController","spec":{"template":null}}`,
	`{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"c","resources":{"limits":{"cpu":" 1 ","memory":1e3}}}]}}`,
	`{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"c","resources":{"limits":{"cpu":null,"memory":"0"}}}]}}`,
	`{"apiVersion":"v1","kind":"Pod","spec":{"serviceAccount":"a","serviceAccountName":"","containers":[]}}`,
	`{"apiVersion":"batch/v1","kind":"CronJob","spec":{"jobTemplate":{"spec":{"template":{"spec":{"hostPID":true}}}}}}`,
}

// seeds are random objects as JSON and as YAML, and some of upstream's fixtures.
func seeds(f *testing.F) (asJSON, asYAML [][]byte) {
	f.Helper()
	for n := range uint64(36) {
		data := toJSON(f, generate.New(1, n).Object(kindOf(n)))
		rewritten, err := generate.New(2, n).Rewrite(data, generate.Rewriting{UnknownSources: true, Hostile: n%2 == 0})
		if err != nil {
			f.Fatal(err)
		}
		asJSON = append(asJSON, rewritten)
		text, err := generate.New(3, n).YAML(data)
		if err != nil {
			f.Fatal(err)
		}
		asYAML = append(asYAML, text)
	}
	for i, file := range fixtures(f) {
		if i%100 != 0 {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		asYAML = append(asYAML, data)
	}
	return asJSON, asYAML
}

func FuzzJSONReader(f *testing.F) {
	texts, _ := seeds(f)
	for _, text := range oddJSON {
		texts = append(texts, []byte(text))
	}
	for _, text := range texts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		refusedOrSame(t, text, text, jsonItems)
	})
}

// separator is what stands between documents.
var separator = regexp.MustCompile(`(?m)^---(\s|$)`)

func FuzzYAMLReader(f *testing.F) {
	_, texts := seeds(f)
	for _, text := range oddYAML {
		texts = append(texts, []byte(text))
	}
	for _, text := range texts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if at := separator.FindAllIndex(text, 2); len(at) > 1 || len(at) == 1 && at[0][0] > 0 {
			fileItems(newReader(t, storedWithExtra), text) // several documents: nothing to compare with
			return
		}
		asJSON := text
		if !isJSON(text) {
			var err error
			if asJSON, err = yaml.YAMLToJSON(text); err != nil {
				fileItems(newReader(t, storedWithExtra), text)
				return
			}
		}
		refusedOrSame(t, text, asJSON, fileItems)
	})
}
