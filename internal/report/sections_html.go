package report

import (
	"html"
	"strings"
)

// sectionsHTML writes sections as a page of its own, without scripts.
func sectionsHTML(title string, sections []section) string {
	var b strings.Builder
	text := func(s string) string { return html.EscapeString(escapeAll(s)) }
	b.WriteString("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>" + text(title) + "</title>\n<style>\n" +
		"body { font: 16px/1.5 sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em }\n" +
		"table { border-collapse: collapse }\nth, td { border: 1px solid #ccc; padding: .2em .6em; text-align: left; vertical-align: top }\n" +
		"pre { background: #f4f4f4; overflow-x: auto; padding: .6em }\n</style>\n</head>\n<body>\n<h1>" + text(title) + "</h1>\n")
	for _, s := range sections {
		b.WriteString("<h2>" + text(s.title) + "</h2>\n")
		if len(s.rows) > 0 {
			b.WriteString("<table>\n<tr>")
			for _, cell := range s.header {
				b.WriteString("<th>" + text(cell) + "</th>")
			}
			b.WriteString("</tr>\n")
			for _, row := range s.rows {
				b.WriteString("<tr>")
				for _, cell := range row {
					b.WriteString("<td>" + text(cell) + "</td>")
				}
				b.WriteString("</tr>\n")
			}
			b.WriteString("</table>\n")
		}
		for _, p := range s.prose {
			b.WriteString("<p>" + text(p) + "</p>\n")
		}
		if lines := codeLines(s.code); lines != nil {
			b.WriteString("<pre>" + html.EscapeString(strings.Join(lines, "\n")) + "</pre>\n")
		}
	}
	b.WriteString("</body>\n</html>\n")
	return b.String()
}
