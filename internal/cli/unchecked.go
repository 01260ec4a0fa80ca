package cli

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/workload"
)

// notChecked describes an object that was not checked, and what to do.
func (in *input) notChecked(item *workload.Item) report.NotChecked {
	return report.NotChecked{
		Source: sourceOf(item, ""), Object: objectOf(item, in.namespaceOf(item)), Paths: list(item.Unchecked),
		Reason: in.notCheckedReason(item),
	}
}

// notCheckedReason says why the object was not checked, and what helps. A path
// to its pods does so only for a kind that is not known: for any other it would
// replace what is known of the kind, and Lists are unrolled whatever it says.
func (in *input) notCheckedReason(item *workload.Item) string {
	unknown := !in.reader.Knows(item.Object.APIVersion, item.Object.Kind) && !strings.HasSuffix(item.Object.Kind, "List")
	reason := item.Reason
	if reason == "" {
		reason = "it holds what looks like a pod template"
	}
	nameable := len(item.Unchecked) > 0 && !slices.Contains(item.Unchecked, "containers") // in the object itself
	if unknown && nameable {
		advice := "; name the templates with "
		if in.fromSnapshot {
			advice = "; take the snapshot with "
		}
		return reason + advice + pathExample(item) + in.allowance(", or pass --allow-unchecked to leave them out")
	}
	return reason + in.allowance("; pass --allow-unchecked to leave that out")
}

// allowance is the advice to allow what is not checked, unless that is so.
func (in *input) allowance(advice string) string {
	if in.allowUnchecked {
		return ""
	}
	return advice
}

// maxExample is how long an example may be and still be one.
const maxExample = 256

// pathExample is the flags that would have the object checked, as far as they
// can be guessed. People copy them into shells, so they hold nothing odd.
func pathExample(item *workload.Item) string {
	const generic = "--pod-template-path 'GROUP/KIND=.path.to.template'"
	kind := item.Object.Kind
	if group, _, ok := strings.Cut(item.Object.APIVersion, "/"); ok {
		kind = group + "/" + kind
	}
	var flags []string
	for _, path := range item.Unchecked {
		value := kind + "=." + everyItem(path)
		if _, err := workload.ParseTemplatePath(value); err != nil || strings.ContainsFunc(value, isOdd) {
			return generic
		}
		if flag := "--pod-template-path '" + value + "'"; !slices.Contains(flags, flag) {
			flags = append(flags, flag)
		}
	}
	example := strings.Join(flags, " ")
	if example == "" || len(example) > maxExample {
		return generic
	}
	return example
}

// isOdd reports whether a character may mean something to a shell, even between
// single quotes, or to a terminal.
func isOdd(r rune) bool {
	letter := 'a' <= r|0x20 && r|0x20 <= 'z' || '0' <= r && r <= '9'
	return !letter && !strings.ContainsRune(`./=-_[]*"`, r)
}

// everyItem puts [*] for each index of a path.
func everyItem(path string) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(path, "[")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		index, rest, ok := strings.Cut(after, "]")
		if _, err := strconv.Atoi(index); !ok || err != nil {
			b.WriteString("[")
			path = after
			continue
		}
		b.WriteString("[*]")
		path = rest
	}
}

// notCheckedLine is the object as one line for people.
func notCheckedLine(n report.NotChecked) string {
	place := n.Source.Place()
	if n.Source.File == "" {
		place = "namespace " + report.Escape(n.Object.Namespace)
	}
	return place + ": " + report.Escape(n.Object.KindName()) +
		": not checked: " + report.EscapeSentence(n.Reason)
}
