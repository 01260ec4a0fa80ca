package archtest

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/gabion-security/gabion/pss"
)

func TestEveryPackageHasADoc(t *testing.T) {
	t.Parallel()
	report(t, checkPackageDocs(goFiles(t)))
}

func TestPackageNamesSaySomething(t *testing.T) {
	t.Parallel()
	report(t, checkNames(goFiles(t)))
}

func TestNoInitFunctions(t *testing.T) {
	t.Parallel()
	report(t, checkInits(goFiles(t)))
}

func TestNothingIsCompiledAtTheStart(t *testing.T) {
	t.Parallel()
	report(t, checkStart(goFiles(t)))
}

func TestOnlyMainExits(t *testing.T) {
	t.Parallel()
	report(t, checkCalls(goFiles(t)))
}

func TestFilesStayShort(t *testing.T) {
	t.Parallel()
	report(t, checkLengths(goFiles(t)))
}

func TestEveryControlHasItsFile(t *testing.T) {
	t.Parallel()
	var ids, names []string
	for _, c := range pss.Controls() {
		ids = append(ids, string(c.ID))
	}
	for _, f := range goFiles(t) {
		if f.module == "." && f.dir == "pss" {
			names = append(names, path.Base(f.path))
		}
	}
	report(t, checkControlFiles(ids, names))
}

func TestModulesAreWired(t *testing.T) {
	t.Parallel()
	mods := modules(t)
	for _, m := range mods {
		report(t, checkModule(m, string(read(t, path.Join(m, "go.mod")))))
	}
	walk(t, func(name string) {
		if path.Base(name) == "go.work" {
			t.Errorf("%s: a workspace is one person's: do not commit it", name)
		}
	})
}

func TestNoForbiddenText(t *testing.T) {
	t.Parallel()
	walk(t, func(name string) { report(t, checkText(name, read(t, name))) })
}

// checkPackageDocs finds packages without a package comment. One file has it,
// be it a test where there is nothing else.
func checkPackageDocs(files []goFile) []string {
	documented, hasCode := map[string]bool{}, map[string]bool{}
	for _, f := range files {
		dir := path.Dir(f.path)
		hasCode[dir] = hasCode[dir] || !f.test
	}
	for _, f := range files {
		dir := path.Dir(f.path)
		documented[dir] = documented[dir] || f.doc && (!f.test || !hasCode[dir])
	}
	var problems []string
	for dir, ok := range documented {
		if !ok {
			problems = append(problems, dir+": the package has no comment that says what it is for")
		}
	}
	slices.Sort(problems)
	return problems
}

// checkNames finds packages whose name says nothing.
func checkNames(files []goFile) []string {
	var problems []string
	for _, f := range files {
		if slices.Contains(bannedNames, strings.TrimSuffix(f.pkg, "_test")) || slices.Contains(bannedNames, path.Base(f.dir)) {
			problems = append(problems, fmt.Sprintf("%s: package %s needs a name that says what it holds", f.path, f.pkg))
		}
	}
	return problems
}

// checkInits finds init functions outside tests.
func checkInits(files []goFile) []string {
	var problems []string
	for _, f := range files {
		if f.inits > 0 && !f.test && !f.generated {
			problems = append(problems, f.path+": has an init function: pass the value in instead")
		}
	}
	return problems
}

// checkStart finds regular expressions that every start of the program pays for.
func checkStart(files []goFile) []string {
	var problems []string
	for _, f := range files {
		if !f.test && f.module == "." && slices.Contains(f.early, "regexp.MustCompile") {
			problems = append(problems, f.path+": compiles a regular expression when the program starts: use sync.OnceValue")
		}
	}
	return problems
}

// checkCalls finds calls that end the process below main.
func checkCalls(files []goFile) []string {
	var problems []string
	for _, f := range files {
		if f.test || f.module != "." {
			continue
		}
		for _, call := range f.calls {
			if slices.Contains(forbiddenCalls, call) && (call != "os.Exit" || !withinAny(f.dir, exitPackages)) {
				problems = append(problems, fmt.Sprintf("%s: calls %s: return an error instead", f.path, call))
			}
		}
	}
	return problems
}

// checkLengths finds files that are too long.
func checkLengths(files []goFile) []string {
	var problems []string
	for _, f := range files {
		limit := maxLines
		if f.pkg == "main" && within(f.path, "cmd") && !strings.HasSuffix(f.path, "_test.go") {
			limit = maxMainLines
		}
		if f.lines > limit && !f.generated {
			problems = append(problems, fmt.Sprintf("%s: %d lines, more than %d", f.path, f.lines, limit))
		}
	}
	return problems
}

// checkControlFiles holds the files of package pss against the catalogue: each
// control stands in control_<its ID in snake case>.go with a test beside it,
// and no such file is without its control.
func checkControlFiles(ids, names []string) []string {
	var problems, want []string
	for _, id := range ids {
		name := "control_" + snake(id)
		for _, file := range []string{name + ".go", name + "_test.go"} {
			want = append(want, file)
			if !slices.Contains(names, file) {
				problems = append(problems, fmt.Sprintf("pss: control %s has no file %s", id, file))
			}
		}
	}
	for _, name := range names {
		if strings.HasPrefix(name, "control_") && name != "control_test.go" && !slices.Contains(want, name) {
			problems = append(problems, fmt.Sprintf("pss/%s: belongs to no control", name))
		}
	}
	return problems
}

// snake turns a control's ID into the name of its file: every word in lower
// case, joined by underscores; hostPathVolumes becomes host_path_volumes.
func snake(id string) string {
	var b strings.Builder
	for _, r := range id {
		if unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

var (
	replaceLine = regexp.MustCompile(`(?m)^replace\b`)
	moduleUse   = regexp.MustCompile(`(?m)^\s*(?:require\s+)?` + regexp.QuoteMeta(modulePath) + `\s+v`)
	rootReplace = regexp.MustCompile(`(?m)^\s*(?:replace\s+)?` + regexp.QuoteMeta(modulePath) + `\s+=>\s+(\S+)$`)
)

// checkModule holds a go.mod to the rules: the root one replaces nothing, since
// that breaks go install; a nested one that uses the root module finds it in
// this checkout.
func checkModule(dir, gomod string) []string {
	if dir == "." {
		if replaceLine.MatchString(gomod) {
			return []string{"go.mod: has a replace line, which breaks go install"}
		}
		return nil
	}
	up := strings.TrimSuffix(strings.Repeat("../", strings.Count(dir, "/")+1), "/")
	if target := rootReplace.FindStringSubmatch(gomod); len(target) == 2 {
		if target[1] != up {
			return []string{fmt.Sprintf("%s/go.mod: replaces the root module by %s, not %s", dir, target[1], up)}
		}
	} else if moduleUse.MatchString(gomod) {
		return []string{fmt.Sprintf("%s/go.mod: needs the line: replace %s => %s", dir, modulePath, up)}
	}
	return nil
}

// checkText finds what may stand in no file. A file that is no text was built.
func checkText(name string, text []byte) []string {
	if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		return []string{name + ": is no text: what is built does not belong here"}
	}
	var problems []string
	for _, re := range forbiddenText {
		if at := re.FindIndex(text); at != nil {
			line := 1 + bytes.Count(text[:at[0]], []byte("\n"))
			problems = append(problems, fmt.Sprintf("%s:%d: must not say %q", name, line, text[at[0]:at[1]]))
		}
	}
	return problems
}
