package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/buger/jsonparser"
	goccyparser "github.com/goccy/go-yaml/parser"
	jsoniter "github.com/json-iterator/go"
	"github.com/valyala/fastjson"
	yamlv3 "go.yaml.in/yaml/v3"
	yamlv4 "go.yaml.in/yaml/v4"
	corev1 "k8s.io/api/core/v1"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// candidate is one way to read a pod, up to the tree, the tokens or the verdict
// that its name says.
type candidate func(text []byte) error

// gabionVerdict is what the others are measured beside.
const gabionVerdict = "gabion, verdict"

// jsonCandidates and yamlCandidates are what could have been the readers of package
// workload, and what is.
func jsonCandidates(g gabion) map[string]candidate {
	all := map[string]candidate{
		"scan, checks nothing":      func(text []byte) error { return nonZero(structuralScan(text)) },
		gabionVerdict:               func(text []byte) error { _, err := g.judgeJSON(text); return err },
		"gabion, file to view":      func(text []byte) error { return readFile(g, "pod.json", text) },
		"encoding/json, corev1.Pod": func(text []byte) error { return json.Unmarshal(text, new(corev1.Pod)) },
		"encoding/json, any":        func(text []byte) error { return json.Unmarshal(text, new(any)) },
		"encoding/json, tokens":     jsonTokens,
		"encoding/json, Valid":      func(text []byte) error { return must(json.Valid(text)) },
		"sigs.k8s.io/json, corev1.Pod": func(text []byte) error {
			return kjson.UnmarshalCaseSensitivePreserveInts(text, new(corev1.Pod))
		},
		"json-iterator, corev1.Pod": func(text []byte) error {
			return jsoniter.ConfigCompatibleWithStandardLibrary.Unmarshal(text, new(corev1.Pod))
		},
		"json-iterator, skip": func(text []byte) error {
			i := jsoniter.ParseBytes(jsoniter.ConfigCompatibleWithStandardLibrary, text)
			i.Skip()
			return i.Error
		},
		"jsonparser, every member": eachMember,
		"fastjson, tree": func() candidate {
			var p fastjson.Parser // reused, as its documentation advises
			return func(text []byte) error { _, err := p.ParseBytes(text); return err }
		}(),
	}
	maps.Copy(all, jsonV2Candidates)
	return all
}

func yamlCandidates(g gabion) map[string]candidate {
	return map[string]candidate{
		gabionVerdict:                  func(text []byte) error { _, err := g.judgeYAML(text); return err },
		"sigs.k8s.io/yaml, corev1.Pod": func(text []byte) error { return yaml.Unmarshal(text, new(corev1.Pod)) },
		"sigs.k8s.io/yaml, JSON":       func(text []byte) error { _, err := yaml.YAMLToJSON(text); return err },
		"go.yaml.in/yaml/v3, nodes":    func(text []byte) error { return yamlv3.Unmarshal(text, new(yamlv3.Node)) },
		"go.yaml.in/yaml/v4, nodes":    func(text []byte) error { return yamlv4.Unmarshal(text, new(yamlv4.Node)) },
		"goccy/go-yaml, nodes":         func(text []byte) error { _, err := goccyparser.ParseBytes(text, 0); return err },
	}
}

var errRefused = errors.New("the text is not read to its end")

func must(ok bool) error {
	if !ok {
		return errRefused
	}
	return nil
}

func nonZero(depth int) error { return must(depth == 0) }

func readFile(g gabion, name string, text []byte) error {
	for item := range g.reader.Read(name, bytes.NewReader(text)) {
		return item.Err
	}
	return errRefused
}

func jsonTokens(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// eachMember goes over the members of all objects and lists.
func eachMember(text []byte) error {
	return jsonparser.ObjectEach(text, func(_, value []byte, of jsonparser.ValueType, _ int) error { return below(value, of) })
}

func below(value []byte, of jsonparser.ValueType) error {
	switch of { //nolint:exhaustive // nothing is below all others
	case jsonparser.Object:
		return eachMember(value)
	case jsonparser.Array:
		var failed error
		_, err := jsonparser.ArrayEach(value, func(item []byte, of jsonparser.ValueType, _ int, err error) {
			failed = errors.Join(failed, err, below(item, of))
		})
		return errors.Join(failed, err)
	}
	return nil
}

// candidatePod is the size of the pod that the candidates read.
const candidatePod = 4 << 10

// inFormat is a format with the pod and the candidates for it.
type inFormat struct {
	name       string
	text       []byte
	candidates map[string]candidate
}

func allCandidates(t testing.TB) []inFormat {
	t.Helper()
	_, g, err := sides()
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := podText(candidatePod, json.Marshal)
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := podText(candidatePod, yaml.Marshal)
	if err != nil {
		t.Fatal(err)
	}
	return []inFormat{
		{"JSON", asJSON, jsonCandidates(g)},
		{"YAML", asYAML, yamlCandidates(g)},
	}
}

func TestEveryCandidateReadsThePod(t *testing.T) {
	t.Parallel()
	for _, f := range allCandidates(t) {
		for name, read := range f.candidates {
			if err := read(f.text); err != nil {
				t.Errorf("%s, %s: %v", f.name, name, err)
			}
			if half := f.text[:len(f.text)/2]; f.name == "JSON" && read(half) == nil {
				t.Errorf("%s, %s: half of a pod is read", f.name, name)
			}
		}
	}
}

// TestQuickCandidatesTakeWhatIsNoJSON holds what docs/performance.md says of them.
func TestQuickCandidatesTakeWhatIsNoJSON(t *testing.T) {
	t.Parallel()
	_, g, err := sides()
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"\"\xff\"", "\"\n\"", "\"\x01\"", `"\x"`, "01", "1."} {
		text := []byte(`{"apiVersion":"v1","kind":"Pod","spec":{"containers":[]},"x":` + value + `}`)
		if _, err := fastjson.ParseBytes(text); err != nil {
			t.Errorf("%s: fastjson: %v", text, err)
		}
		if err := eachMember(text); err != nil {
			t.Errorf("%s: jsonparser: %v", text, err)
		}
		if v, err := g.judgeJSON(text); err == nil {
			t.Errorf("%s: Gabion: %+v", text, v)
		}
	}
}

// BenchmarkCandidates has the candidates read the same pod of 4 KB, in each round
// each of them once in turn with Gabion, and prints a table. With GOEXPERIMENT=jsonv2
// there are those of encoding/json/v2, too, on which encoding/json is built then.
//
//	go -C bench test -vet=off -run '^$' -bench Candidates -benchtime 31x .
func BenchmarkCandidates(b *testing.B) {
	if b.N == 1 {
		return // the first try of the testing package
	}
	var text strings.Builder
	for _, f := range allCandidates(b) {
		var list []comparison
		beside := f.candidates[gabionVerdict]
		for _, name := range slices.Sorted(maps.Keys(f.candidates)) {
			list = append(list, comparison{name: name, upstream: reads(f.text, f.candidates[name]), gabion: reads(f.text, beside)})
		}
		table := [][]string{{fmt.Sprintf("%s, %.1f KB", f.name, float64(len(f.text))/1024), "time", "over Gabion's verdict", "allocations"}}
		rows := measure(list, b.N)
		slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.ratio.median, b.ratio.median) })
		for _, r := range rows {
			table = append(table, []string{r.name, r.upstream.time.duration(), r.ratio.times(1), fmt.Sprintf("%.0f", r.upstream.allocs)})
		}
		text.WriteByte('\n')
		writeTable(&text, table)
	}
	if _, err := os.Stdout.WriteString("\n" + text.String() + "\n"); err != nil { // a benchmark's log is cut
		b.Fatal(err)
	}
}

// reads is a candidate as it is measured.
func reads(text []byte, read candidate) func() verdict {
	return timed(text, func(text []byte) (verdict, error) { return verdict{allowed: true}, read(text) })
}
