package archtest

import (
	"strings"
	"testing"
)

// file is a file for the samples: parsed from text, as those of the repository.
func file(t *testing.T, name, module, src string) goFile {
	t.Helper()
	f, err := parseFile(name, module, []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Every rule is shown a sample that breaks it and one that does not: a rule
// that finds nothing anywhere would go unnoticed otherwise.
func TestRulesFindWhatBreaksThem(t *testing.T) {
	t.Parallel()
	type sample struct{ name, module, src string }
	importing := func(name, imported string) sample {
		return sample{name, ".", "// Package x is.\npackage x\n\nimport _ \"" + imported + "\"\n"}
	}
	tests := []struct {
		name   string
		check  func([]goFile) []string
		sample sample
		want   string // "" if the sample is fine
	}{
		{"an import of a higher layer", checkLayers, importing("pss/a.go", modulePath+"/workload"), "is above it"},
		{"an import of a sibling", checkLayers, importing("internal/report/a.go", modulePath+"/internal/preview"), "sibling"},
		{"an import of a lower layer is fine", checkLayers, importing("internal/preview/a.go", modulePath+"/pss"), ""},
		{"an import within one entry is fine", checkLayers, importing("workload/a.go", modulePath+"/workload/text"), ""},
		{"a typed reader that is imported by the untyped one", checkLayers, importing("workload/a.go", modulePath+"/workload/typed"), "is above it"},
		{"a package without a layer", checkLayers, importing("internal/new/a.go", "fmt"), "has no layer"},
		{"an import without a layer", checkLayers, importing("internal/cli/a.go", modulePath+"/internal/new"), "has no layer"},
		{"a test may import upwards", checkLayers, importing("pss/a_test.go", modulePath+"/workload"), ""},
		{"another module may import anything", checkLayers, sample{"bench/a.go", "bench", "package x\nimport _ \"" + modulePath + "/internal/new\""}, ""},

		{"pss with a dependency", checkAllowLists, importing("pss/a.go", "go.yaml.in/yaml/v2"), "must not import"},
		{"pss with the standard library is fine", checkAllowLists, importing("pss/a.go", "encoding/json"), ""},
		{"workload with a Kubernetes package", checkAllowLists, importing("workload/a.go", "k8s.io/api/core/v1"), "must not import"},
		{"workload with its YAML library is fine", checkAllowLists, importing("workload/a.go", "go.yaml.in/yaml/v2"), ""},
		{"the typed reader with client-go", checkAllowLists, importing("workload/typed/a.go", "k8s.io/client-go/rest"), "must not import"},
		{"the typed reader with the API is fine", checkAllowLists, importing("workload/typed/a.go", "k8s.io/api/core/v1"), ""},

		{"client-go in the preview", checkConfined, importing("internal/preview/a.go", "k8s.io/client-go/rest"), "must not import"},
		{"client-go in its home is fine", checkConfined, importing("internal/cluster/a.go", "k8s.io/client-go/rest"), ""},
		{"cobra in a report", checkConfined, importing("internal/report/a.go", "github.com/spf13/cobra"), "must not import"},
		{"cobra in the command tree is fine", checkConfined, importing("internal/cli/a.go", "github.com/spf13/cobra"), ""},
		{"Prometheus in the webhook", checkConfined, importing("internal/webhook/a.go", "github.com/prometheus/client_golang/prometheus"), "must not import"},
		{"upstream's engine outside the oracle", checkConfined, importing("pss/a_test.go", "k8s.io/pod-security-admission/policy"), "must not import"},

		{"a package without a comment", checkPackageDocs, sample{"pss/a.go", ".", "package pss\n"}, "has no comment"},
		{"a package whose comment only a test has", checkPackageDocs, sample{"pss/a.go", ".", "\n\npackage pss\n"}, "has no comment"},
		{"a package of tests with a comment is fine", checkPackageDocs, sample{"x/a_test.go", ".", "// Package x is.\npackage x\n"}, ""},
		{"a package named for nothing", checkNames, sample{"internal/util/a.go", ".", "package util\n"}, "needs a name"},
		{"a package named for something is fine", checkNames, sample{"pss/a.go", ".", "package pss\n"}, ""},
		{"an init function", checkInits, sample{"pss/a.go", ".", "package pss\n\nfunc init() {}\n"}, "init function"},
		{"a method named init is fine", checkInits, sample{"pss/a.go", ".", "package pss\n\nfunc (t T) init() {}\n"}, ""},
		{"a regular expression at the start", checkStart, sample{"workload/a.go", ".", "package workload\nvar r = regexp.MustCompile(`a`)\n"}, "OnceValue"},
		{
			"a regular expression at its first use is fine", checkStart,
			sample{"workload/a.go", ".", "package workload\nvar r = sync.OnceValue(func() any { return regexp.MustCompile(`a`) })\n"}, "",
		},
		{"an exit below main", checkCalls, sample{"internal/cli/a.go", ".", "package cli\nfunc f() { os.Exit(1) }\n"}, "os.Exit"},
		{"a panic", checkCalls, sample{"pss/a.go", ".", "package pss\nvar f = func() { panic(1) }\n"}, "panic"},
		{"a fatal log line", checkCalls, sample{"cmd/gabion/main.go", ".", "package main\nfunc main() { log.Fatal() }\n"}, "log.Fatal"},
		{"an exit in main is fine", checkCalls, sample{"cmd/gabion/main.go", ".", "package main\nfunc main() { os.Exit(1) }\n"}, ""},
		{"a long file", checkLengths, sample{"pss/a.go", ".", "package pss\n" + strings.Repeat("\n", maxLines)}, "more than"},
		{"a long main", checkLengths, sample{"cmd/gabion/main.go", ".", "package main\n" + strings.Repeat("\n", maxMainLines)}, "more than"},
		{"a file of just the longest length is fine", checkLengths, sample{"pss/a.go", ".", "package pss\n" + strings.Repeat("\n", maxLines-1)}, ""},
		{
			"a generated file may be long", checkLengths,
			sample{"pss/a.go", ".", "// Code generated by hand. DO NOT EDIT.\n\npackage pss\n" + strings.Repeat("\n", maxLines)}, "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files := []goFile{file(t, tt.sample.name, tt.sample.module, tt.sample.src)}
			if tt.name == "a package whose comment only a test has" {
				files = append(files, file(t, "pss/a_test.go", ".", "// Package pss is.\npackage pss\n"))
			}
			expect(t, tt.check(files), tt.want)
		})
	}
}

func TestUnreachableFindsDistantDependencies(t *testing.T) {
	t.Parallel()
	bad := []dependency{{ImportPath: modulePath + "/workload", Deps: []string{"fmt", "k8s.io/klog/v2"}}}
	expect(t, checkUnreachable(bad), "workload depends on k8s.io/klog/v2")
	bad = []dependency{{ImportPath: modulePath + "/internal/cli", Deps: []string{"sigs.k8s.io/controller-runtime/pkg/client"}}}
	expect(t, checkUnreachable(bad), "controller-runtime")
	good := []dependency{{ImportPath: modulePath + "/workload", Deps: []string{"fmt", "sigs.k8s.io/yaml"}}}
	expect(t, checkUnreachable(good), "")
}

func TestControlFilesAreHeldAgainstTheCatalogue(t *testing.T) {
	t.Parallel()
	both := []string{"control_host_ports.go", "control_host_ports_test.go", "pod.go"}
	expect(t, checkControlFiles([]string{"hostPorts"}, both), "")
	expect(t, checkControlFiles([]string{"hostPorts"}, both[:1]), "has no file control_host_ports_test.go")
	expect(t, checkControlFiles([]string{"hostPorts", "sysctls"}, append(both, "control_sysctls_test.go")), "has no file control_sysctls.go")
	expect(t, checkControlFiles(nil, both[:1]), "belongs to no control")
}

func TestModuleFilesAreHeldToTheRules(t *testing.T) {
	t.Parallel()
	expect(t, checkModule(".", "module x\n\nreplace a => b\n"), "breaks go install")
	expect(t, checkModule(".", "module x\n\nreplace (\n\ta => b\n)\n"), "breaks go install")
	expect(t, checkModule(".", "module x\n\n// nothing to replace\n"), "")
	expect(t, checkModule("oracle/pss", "require "+modulePath+" v0.0.0\n\nreplace "+modulePath+" => ../..\n"), "")
	expect(t, checkModule("oracle/pss", "require "+modulePath+" v0.0.0\n\nreplace (\n\t"+modulePath+" => ..\n)\n"), "not ../..")
	expect(t, checkModule("bench", "require (\n\t"+modulePath+" v0.0.0\n)\n"), "needs the line")
	expect(t, checkModule("tools", "module "+modulePath+"/tools\n"), "")
}

func TestForbiddenTextIsFound(t *testing.T) {
	t.Parallel()
	expect(t, checkText("a.md", []byte("one\ncloned to /wor"+"k/main\n")), "a.md:2")
	expect(t, checkText("a.go", []byte("// TO"+"DO: finish\n")), "a.go:1")
	expect(t, checkText("a_test.go", []byte("t.Ski"+"p(\"slow\")\n")), "a_test.go:1")
	expect(t, checkText("a.md", []byte("fetched from pro"+"xy.golang.org\n")), "a.md:1")
	expect(t, checkText("a.md", []byte("the work that is done\n")), "")
	expect(t, checkText("a.test", []byte("\x7fELF\x02\x00")), "a.test: is no text")
	expect(t, checkText("a.test", []byte("\xff")), "a.test: is no text")
}

// expect fails unless there is one problem that contains want, or none if want
// is empty.
func expect(t *testing.T, problems []string, want string) {
	t.Helper()
	switch {
	case want == "" && len(problems) > 0:
		t.Errorf("found %q in a good sample", problems)
	case want != "" && len(problems) != 1:
		t.Errorf("found %q, want one problem: %s", problems, want)
	case want != "" && !strings.Contains(problems[0], want):
		t.Errorf("found %q, want: %s", problems[0], want)
	}
}
