package archtest

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestTheContainerHoldsOneStaticProgramThatIsNotRoot(t *testing.T) {
	t.Parallel()
	report(t, checkContainer(string(read(t, "Containerfile")), string(read(t, "go.mod"))))
}

func TestContainersThatBreakTheirPromisesAreFound(t *testing.T) {
	t.Parallel()
	good, gomod := string(read(t, "Containerfile")), string(read(t, "go.mod"))
	for _, tt := range []struct{ name, old, new, want string }{
		{"a dynamic program", "CGO_ENABLED=0 ", "", "is not built with CGO_ENABLED=0"},
		{"paths of the builder in it", " -trimpath", "", "is not built with -trimpath"},
		{"no version", "-X main.version=${VERSION}", "", "does not say which version it is"},
		{"a version that nobody gives", "ARG VERSION=devel\n", "", "has no ARG VERSION"},
		{"an older Go", "golang:1.26", "golang:1.25", "is not built by the Go of go.mod"},
		{"a distribution with a shell", "FROM scratch", "FROM alpine", "the last stage begins with"},
		{"more files", "FROM scratch", "FROM scratch\nCOPY . /", "the last stage"},
		{"a command in it", "FROM scratch", "FROM scratch\nRUN true", "the last stage"},
		{"root", "USER 65532:65532", "USER 0:0", "is not a user other than root, by number"},
		{"no user", "USER 65532:65532\n", "", "the last stage"},
		{"a user by name", "USER 65532:65532", "USER nobody", "is not a user other than root, by number"},
		{"a shell that starts it", `ENTRYPOINT ["/gabion"]`, "ENTRYPOINT /gabion", "does not start the program itself"},
	} {
		broken := strings.Replace(good, tt.old, tt.new, 1)
		if broken == good {
			t.Errorf("%s: the Containerfile has no %q", tt.name, tt.old)
		}
		if problems := checkContainer(broken, gomod); !strings.Contains(strings.Join(problems, "\n"), tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, problems, tt.want)
		}
	}
}

// instruction is one of a Containerfile.
type instruction struct{ name, args string }

// instructions returns those of a Containerfile, one a line.
func instructions(text string) []instruction {
	var list []instruction
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		name, args, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name != "" && !strings.HasPrefix(name, "#") {
			list = append(list, instruction{name, strings.TrimSpace(args)})
		}
	}
	return list
}

var (
	goVersion  = regexp.MustCompile(`(?m)^go (\d+\.\d+)`)
	numberUser = regexp.MustCompile(`^[1-9]\d*:[1-9]\d*$`)
)

// checkContainer finds what a Containerfile does not do that it promises: a
// static program of a known version, and in the last stage nothing but that,
// started without a shell by somebody who is not root.
func checkContainer(text, gomod string) []string {
	var problems []string
	demand := func(ok bool, problem string) {
		if !ok {
			problems = append(problems, "Containerfile: "+problem)
		}
	}
	list := instructions(text)
	last := 0
	for i, in := range list {
		if in.name == "FROM" {
			last = i
		}
	}
	build, image := list[:last], list[last:]
	command := ""
	for _, in := range build {
		if in.name == "RUN" && strings.Contains(in.args, "go build") {
			command = in.args
		}
	}
	minor := goVersion.FindStringSubmatch(gomod)
	demand(len(minor) == 2 && len(build) > 0 && build[0].args == "docker.io/library/golang:"+minor[1]+" AS build",
		"the program is not built by the Go of go.mod")
	demand(strings.HasPrefix(command, "CGO_ENABLED=0 go build "), "the program is not built with CGO_ENABLED=0")
	demand(strings.Contains(command, " -trimpath "), "the program is not built with -trimpath")
	demand(strings.Contains(command, "-X main.version=${VERSION}"), "the program does not say which version it is")
	demand(slices.ContainsFunc(build, func(in instruction) bool { return in.name == "ARG" && strings.HasPrefix(in.args, "VERSION=") }),
		"it has no ARG VERSION")
	demand(image[0].args == "scratch", "the last stage begins with "+image[0].args+", not scratch")

	names := make([]string, len(image))
	for i, in := range image {
		names[i] = in.name
	}
	if !slices.Equal(names, []string{"FROM", "COPY", "USER", "ENTRYPOINT"}) {
		return append(problems, "Containerfile: the last stage has "+strings.Join(names, ", ")+", not one each of FROM, COPY, USER, ENTRYPOINT")
	}
	demand(strings.HasSuffix(command, " -o /out/gabion ./cmd/gabion") && image[1].args == "--from=build /out/gabion /gabion",
		"the last stage does not hold the program alone")
	demand(numberUser.MatchString(image[2].args), image[2].args+" is not a user other than root, by number")
	demand(image[3].args == `["/gabion"]`, "it does not start the program itself")
	return problems
}
