package report

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed" // the page's style and script
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"slices"
	"strconv"
	"strings"
)

//go:embed page/style.css
var pageStyle string

//go:embed page/script.js
var pageScript string

// checkHTML writes one page that needs nothing else: numbers, a matrix of
// objects and controls that can be sorted, and the findings with the lines of the
// manifest around them. Without scripts all of it is there, too.
type checkHTML struct {
	w io.Writer
	o CheckOptions
	// rows are those of the matrix as JSON: which columns it has is known at the
	// end.
	rows                        spool
	count                       int
	columns                     map[string]bool
	details, notChecked, errors spool
}

func newCheckHTML(w io.Writer, o CheckOptions) CheckWriter {
	return &checkHTML{w: w, o: o, columns: map[string]bool{}}
}

// htmlRow is a row of the matrix.
type htmlRow struct {
	Number                           int
	Namespace, Object, Place, Policy string
	Fails, Known, Detailed           bool
	Found                            map[string]htmlCell
}

// htmlCell counts the findings of a control.
type htmlCell struct{ Enforced, Warned int }

func text(s string) string { return html.EscapeString(escapeAll(s)) }

func (c *checkHTML) Result(r *Result) error {
	c.count++
	row := htmlRow{
		Number: c.count, Namespace: r.Object.Namespace, Object: r.Object.KindName(), Place: c.place(r.Source), Policy: policy(r),
		Fails: r.Fails(), Known: len(r.Known) > 0, Found: map[string]htmlCell{},
	}
	found := modes(r)
	for _, m := range found {
		for _, v := range m.violations {
			cell := row.Found[v.Control]
			if m.fails() {
				cell.Enforced += len(v.Findings)
			} else {
				cell.Warned += len(v.Findings)
			}
			row.Found[v.Control] = cell
			c.columns[v.Control] = true
		}
	}
	if len(r.Invalid) > 0 {
		row.Found[ruleInvalid] = htmlCell{Enforced: len(r.Invalid)}
		c.columns[ruleInvalid] = true
	}
	row.Detailed = len(row.Found) > 0 || len(r.Exceptions) > 0 || r.Partial || hasAside(r)
	line, err := json.Marshal(row)
	if err != nil {
		return err
	}
	if _, err := c.rows.Write(append(line, '\n')); err != nil || !row.Detailed {
		return err
	}
	return c.detail(&row, r, found)
}

// place is where an object stands.
func (c *checkHTML) place(s Source) string {
	if s.File != "-" {
		s.File = c.o.path(s.File)
	}
	return place(s)
}

func (c *checkHTML) NotChecked(n NotChecked) error {
	var b strings.Builder
	b.WriteString("<li><strong>" + text(n.Object.KindName()) + "</strong> in " + text(n.Object.Namespace) + ", <code>" + text(c.place(n.Source)) + "</code>: " + text(n.Reason))
	for _, path := range n.Paths {
		b.WriteString("<br><span class=\"quiet\">not read: <code>" + text(path) + "</code></span>")
	}
	_, err := io.WriteString(&c.notChecked, b.String()+"</li>\n")
	return err
}

func (c *checkHTML) Error(e Error) error {
	_, err := io.WriteString(&c.errors, "<li><code>"+text(c.place(e.Source))+"</code>: "+text(e.Message)+"</li>\n")
	return err
}

func (c *checkHTML) Close(s Summary) error {
	var b strings.Builder
	c.head(&b, s)
	if _, err := io.WriteString(c.w, b.String()); err != nil {
		return err
	}
	if err := c.matrix(); err != nil {
		return err
	}
	for _, part := range []struct {
		title, opening, closing string
		items                   *spool
	}{
		{"Details", "", "", &c.details}, {"Not checked", "<ul>\n", "</ul>\n", &c.notChecked}, {"Errors", "<ul>\n", "</ul>\n", &c.errors},
	} {
		if !part.items.some {
			continue
		}
		if _, err := io.WriteString(c.w, "<section>\n<h2>"+part.title+"</h2>\n"+part.opening); err != nil {
			return err
		}
		if err := part.items.drain(c.w); err != nil {
			return err
		}
		if _, err := io.WriteString(c.w, part.closing+"</section>\n"); err != nil {
			return err
		}
	}
	_, err := io.WriteString(c.w, htmlFixed(s.Fixed)+"</main>\n<script>"+pageScript+"</script>\n</body>\n</html>\n")
	return err
}

// head writes everything above the matrix. The page may use its own style and
// script and nothing else, wherever that came from.
func (c *checkHTML) head(b *strings.Builder, s Summary) {
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	title := text(verdictLine(s))
	b.WriteString(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src ` + hash(pageStyle) + `; script-src ` + hash(pageScript) + `; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>` + title + `</title>
<link rel="icon" href="data:,">
<style>` + pageStyle + `</style>
</head>
<body>
<header>
<h1>` + title + "</h1>\n<p class=\"quiet\">Made by " + text(strings.TrimSpace("gabion "+c.o.Version)) + ".</p>\n</header>\n<main>\n<dl class=\"counts\">\n")
	for _, n := range []struct {
		name, class string
		n           int
	}{
		{"Judged", "good", s.Checked}, {"Violating", "bad", s.Violating}, {"Refused by the API server", "bad", s.Invalid},
		{"Not checked", "warn", s.NotChecked}, {"Broken", "bad", s.Errors}, {"Passed over", "", s.PassedOver},
	} {
		if n.n == 0 {
			n.class = "quiet"
		}
		fmt.Fprintf(b, "<div><dt>%s</dt><dd class=%q>%d</dd></div>\n", n.name, n.class, n.n)
	}
	b.WriteString("</dl>\n")
	if counts := s.asideCounts(); counts != "" {
		b.WriteString("<p>" + text(counts) + "</p>\n")
	}
}

// matrix writes the table of objects and controls.
func (c *checkHTML) matrix() error {
	if c.count == 0 {
		return nil
	}
	columns := c.sortedColumns()
	var b strings.Builder
	b.WriteString(`<section>
<h2 id="objects">Objects and controls</h2>
<div class="tools" id="tools" hidden>
<label>Filter <input type="search" id="filter"></label>
<label><input type="checkbox" id="failing"> only what fails</label>
<span class="quiet" id="shown" role="status"></span>
</div>
<div class="scroll" role="region" aria-labelledby="objects" tabindex="0">
<table id="matrix">
<thead>
<tr>`)
	for _, name := range []string{"Object", "Namespace", "Result"} {
		b.WriteString(`<th scope="col"><button type="button">` + name + "</button></th>")
	}
	for _, id := range columns {
		b.WriteString(`<th scope="col" data-first="descending"><button type="button">` + text(id) + "</button></th>")
	}
	for _, name := range []string{"Policy", "Place"} {
		b.WriteString(`<th scope="col"><button type="button">` + name + "</button></th>")
	}
	b.WriteString("</tr>\n</thead>\n<tbody>\n")
	if _, err := io.WriteString(c.w, b.String()); err != nil {
		return err
	}
	if err := c.rows.drain(&htmlRows{w: c.w, columns: columns}); err != nil {
		return err
	}
	_, err := io.WriteString(c.w, "</tbody>\n</table>\n</div>\n</section>\n")
	return err
}

// sortedColumns are the controls that something was found for, in the order of
// the catalogue.
func (c *checkHTML) sortedColumns() []string {
	place := map[string]int{}
	for i := range c.o.Controls {
		place[c.o.Controls[i].ID] = i + 1
	}
	columns := []string{}
	for id := range c.columns {
		columns = append(columns, id)
	}
	slices.SortFunc(columns, func(a, b string) int {
		last := len(c.o.Controls) + 1
		return cmp.Or(cmp.Compare(cmp.Or(place[a], last), cmp.Or(place[b], last)), strings.Compare(a, b))
	})
	return columns
}

// htmlRows turns rows in JSON, a line each, into those of the table.
type htmlRows struct {
	w       io.Writer
	columns []string
	rest    []byte
}

// Write takes the JSON.
func (h *htmlRows) Write(p []byte) (int, error) {
	h.rest = append(h.rest, p...)
	for {
		line, rest, whole := bytes.Cut(h.rest, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		var row htmlRow
		if err := json.Unmarshal(line, &row); err != nil {
			return 0, err
		}
		if _, err := io.WriteString(h.w, row.html(h.columns)); err != nil {
			return 0, err
		}
		h.rest = rest
	}
}

func (r *htmlRow) html(columns []string) string {
	var b strings.Builder
	fails, word, class := "no", "pass", "good"
	switch {
	case r.Fails:
		fails, word, class = "yes", "fail", "bad"
	case r.Known:
		word, class = "known", "warn"
	}
	name := text(r.Object)
	if r.Detailed {
		name = `<a href="#object-` + strconv.Itoa(r.Number) + `">` + name + "</a>"
	}
	fmt.Fprintf(&b, `<tr data-order="%d" data-fails="%s"><th scope="row">%s</th><td>%s</td><td class="%s">%s</td>`, r.Number, fails, name, text(r.Namespace), class, word)
	for _, id := range columns {
		b.WriteString(r.Found[id].html())
	}
	b.WriteString(`<td class="policy">` + text(r.Policy) + `</td><td class="place"><code>` + text(r.Place) + "</code></td></tr>\n")
	return b.String()
}

// html is a cell; sorted, what is enforced weighs more than what is not.
func (f htmlCell) html() string {
	const enforcedWeighs = 1e6
	value, class, shown := f.Enforced*enforcedWeighs+f.Warned, "", ""
	switch {
	case f.Enforced > 0:
		class, shown = " bad", "✗ "+strconv.Itoa(f.Enforced)
	case f.Warned > 0:
		class, shown = " warn", "warn "+strconv.Itoa(f.Warned)
	}
	return `<td class="cell` + class + `" data-value="` + strconv.Itoa(value) + `">` + shown + "</td>"
}
