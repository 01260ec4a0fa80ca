package cli

import (
	"bytes"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/gabion-security/gabion/internal/kustomize"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// originals are the files that a kustomization was built from.
type originals struct {
	reader *workload.Reader
	files  map[string]*original
}

type original struct {
	lines []string
	items []workload.Item
}

// origin finds the lines of an object in its file: where the same value stands at
// the same path of the same object, in a container of the same name. What a patch
// has changed, or put elsewhere, is not known.
func (o *originals) origin(in *input, t *kustomize.Text) func(*workload.Template, string, int, int) (int, int) {
	var file *original
	var item *workload.Item
	if made := firstItem(in.reader, t); made != nil && !t.Made {
		file, item = o.find(t.Path, &made.Object)
	}
	rendered := strings.Split(string(t.Rendered), "\n")
	return func(made *workload.Template, path string, line, column int) (int, int) {
		switch {
		case item == nil:
			return 0, 0
		case made == nil:
			return item.Source.Line, 0
		}
		for i := range item.Templates {
			own := &item.Templates[i]
			if own.Path != made.Path || containerName(&own.Pod, path) != containerName(&made.Pod, path) {
				continue
			}
			at, atColumn := own.Position(path)
			word := token(file.lines, at, atColumn)
			if isWhole(own, path, at, atColumn) && isWhole(made, path, line, column) ||
				word != "" && word == token(rendered, line, column) {
				return at, atColumn
			}
		}
		return 0, 0
	}
}

func firstItem(reader *workload.Reader, t *kustomize.Text) *workload.Item {
	for item := range reader.Read(t.Path, bytes.NewReader(t.Rendered)) {
		return &item
	}
	return nil
}

// find returns the object that an object was made from, nil if it is not clear
// which: one of its kind, with a name that prefixes and suffixes were added to.
func (o *originals) find(path string, made *workload.Object) (*original, *workload.Item) {
	file, ok := o.files[path]
	if !ok {
		file = &original{}
		if text, err := os.ReadFile(path); err == nil {
			file.lines = strings.Split(string(text), "\n")
			for item := range o.reader.Read(path, bytes.NewReader(text)) {
				file.items = append(file.items, item)
			}
		}
		if o.files == nil {
			o.files = map[string]*original{}
		}
		o.files[path] = file
	}
	var found *workload.Item
	for i := range file.items {
		of := &file.items[i].Object
		if of.Kind != made.Kind || of.APIVersion != made.APIVersion || of.Name == "" || !strings.Contains(made.Name, of.Name) {
			continue
		}
		if found != nil {
			return file, nil
		}
		found = &file.items[i]
	}
	return file, found
}

var containerIn = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^spec\.([a-zA-Z]+)\[(\d+)\]`) })

// containerName is the name of the container that a path of a pod leads into,
// with its kind; empty for the pod itself.
func containerName(pod *pss.Pod, path string) string {
	in := containerIn().FindStringSubmatch(path)
	if in == nil {
		return ""
	}
	for i := range pod.Containers {
		c := &pod.Containers[i]
		if c.Kind.Field() == in[1] && strconv.Itoa(c.Index) == in[2] {
			return in[1] + "/" + c.Name
		}
	}
	return ""
}

// isWhole reports whether a place is that of a container as a whole, whatever
// stands there: the order of its fields means nothing.
func isWhole(t *workload.Template, path string, line, column int) bool {
	whole := containerIn().FindString(path)
	if whole == "" || line == 0 {
		return false
	}
	wholeLine, wholeColumn := t.Position(whole)
	return wholeLine == line && wholeColumn == column
}

// token is the word at a place.
func token(lines []string, line, column int) string {
	if line < 1 || line > len(lines) || column < 1 {
		return ""
	}
	text := []rune(lines[line-1])
	if column > len(text) {
		return ""
	}
	word := string(text[column-1:])
	if end := strings.IndexAny(word, ",}] "); end >= 0 {
		word = word[:end]
	}
	return strings.TrimSpace(word)
}
