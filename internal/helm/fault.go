package helm

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// placeIn finds what may be a place in a template.
var placeIn = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`([^\s()":]+):(\d+)(?::\d+)?`) })

// oneLine makes one line of an error of Helm's.
func oneLine(err error) error {
	if err == nil || !strings.Contains(err.Error(), "\n") {
		return err
	}
	var parts []string
	for line := range strings.Lines(err.Error()) {
		if line = strings.Trim(line, " \t\r\n:"); line != "" {
			parts = append(parts, line)
		}
	}
	return errors.New(strings.Join(parts, ": "))
}

// fault finds the template and the line in an error of Helm's engine: the
// innermost, if one template includes another.
func (p *prepared) fault(err error) error {
	text := err.Error()
	var first, last *Fault
	for _, at := range placeIn().FindAllStringSubmatch(text, -1) {
		path, ok := p.paths[at[1]]
		if !ok {
			continue
		}
		line, _ := strconv.Atoi(at[2])
		last = &Fault{Path: path, Line: line}
		if first == nil {
			first = last
		}
	}
	if last == nil {
		return err
	}
	last.Err = fmt.Errorf("the template cannot be rendered: %s", message(text))
	if first.Path != last.Path {
		last.Err = fmt.Errorf("%w, for %s, line %d", last.Err, first.Path, first.Line)
	}
	return last
}

var (
	execution = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:execution|parse) error at \([^)]*\): `)
	})
	executing = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`executing "[^"]*" at (<.*?>): `) })
	chained   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^template: [^\s:]+:\d+(?::\d+)?: `) })
)

// message is what Helm says without the places: of templates that include each
// other, what the innermost says.
func message(text string) string {
	text = oneLine(errors.New(text)).Error()
	text = chained().ReplaceAllString(execution().ReplaceAllString(text, ""), "")
	if all := executing().FindAllStringSubmatchIndex(text, -1); len(all) > 0 {
		last := all[len(all)-1]
		return "at " + text[last[2]:last[3]] + ": " + text[last[1]:]
	}
	return text
}
