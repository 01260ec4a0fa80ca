package generate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"
)

// Rewriting says how a JSON text may be changed.
type Rewriting struct {
	// UnknownSources lets volumes get members that no Kubernetes knows. Elsewhere
	// they are always put in.
	UnknownSources bool
	// Hostile puts in what a reader may refuse: keys that come twice or in
	// another case, numbers in odd forms, values of other types, broken text.
	Hostile bool
}

// maps are the members whose values are maps, where every key means something.
var maps = []string{
	"annotations", "labels", "matchLabels", "nodeSelector", "limits", "requests", "volumeAttributes", "options", "overhead",
}

// quantities are the members that are quantities, or maps of them.
var quantities = []string{"limits", "requests", "overhead", "sizeLimit"}

// known are keys that mean something in one place or another.
var known = []string{
	"metadata", "annotations", "spec", "template", "containers", "initContainers", "ephemeralContainers", "volumes", "securityContext",
	"hostNetwork", "hostPID", "hostIPC", "hostUsers", "os", "runtimeClassName", "capabilities", "add", "drop", "privileged",
	"procMount", "runAsNonRoot", "runAsUser", "seccompProfile", "appArmorProfile", "seLinuxOptions", "windowsOptions", "hostProcess",
	"type", "user", "role", "name", "ports", "hostPort", "containerPort", "livenessProbe", "lifecycle", "httpGet", "tcpSocket", "host",
	"sysctls", "emptyDir", "hostPath", "allowPrivilegeEscalation", "postStart", "items", "value",
}

// Rewrite writes the JSON of an object in another way. Unless hostile, it means
// the same to a reader that passes over what it does not know, or says what
// it leaves out with null.
func (g *Generator) Rewrite(data []byte, how Rewriting) ([]byte, error) {
	n, err := parse(data)
	if err != nil {
		return nil, err
	}
	w := rewriter{g: g, how: how}
	w.change(&n, "", true)
	w.value(&n)
	w.space()
	out := w.Bytes()
	if how.Hostile {
		out = g.damage(out)
	}
	return out, nil
}

type rewriter struct {
	bytes.Buffer
	g   *Generator
	how Rewriting
}

// change changes a value in place; key is where it stands, the nearest one
// around lists.
func (w *rewriter) change(n *node, key string, inObject bool) {
	g := w.g
	n.plain = slices.Contains(quantities, key)
	for i := range n.members {
		w.change(&n.members[i].value, n.members[i].key, true)
		n.members[i].value.plain = n.members[i].value.plain || n.plain
	}
	for i := range n.items {
		w.change(&n.items[i], key, false)
	}
	isMap := inObject && slices.Contains(maps, key)
	switch n.kind {
	case '{':
		if !isMap {
			w.extend(n, key, inObject)
		} else if g.chance(5) {
			n.add(pick(g, seccompPod, appArmorPrefix+"a0", "x"), node{})
		}
		g.Shuffle(len(n.members), func(i, j int) { n.members[i], n.members[j] = n.members[j], n.members[i] })
	case '[':
		if g.chance(2) {
			n.items = slices.Insert(n.items, g.IntN(len(n.items)+1), node{})
		}
	}
	if w.how.Hostile && g.chance(1) {
		*n = w.anything(2)
	}
}

// extend adds members to an object.
func (w *rewriter) extend(n *node, key string, inObject bool) {
	g := w.g
	if g.chance(12) && (w.how.UnknownSources || inObject || key != "volumes") {
		n.add(pick(g, "x-unknown", "", "containerz", "specs", "\u00e9", "host network"), w.anything(3))
	}
	if g.chance(12) {
		n.add(pick(g, known...), node{})
	}
	if !w.how.Hostile || len(n.members) == 0 || !g.chance(3) {
		return
	}
	again := pick(g, n.members...)
	if g.chance(50) {
		again.key = pick(g, string(bytes.ToUpper([]byte(again.key))), string(bytes.Title([]byte(again.key)))) //nolint:staticcheck // ASCII
	}
	if g.chance(50) {
		again.value = w.anything(2)
	}
	n.members = append(n.members, again)
}

// add adds a member unless the object has the key.
func (n *node) add(key string, value node) {
	if !slices.ContainsFunc(n.members, func(m member) bool { return m.key == key }) {
		n.members = append(n.members, member{key, value})
	}
}

// anything makes a value of any type.
func (w *rewriter) anything(depth int) node {
	g := w.g
	switch n := g.IntN(8); {
	case n == 0 && depth > 0:
		list := node{kind: '['}
		for range g.IntN(3) {
			list.items = append(list.items, w.anything(depth-1))
		}
		return list
	case n == 1 && depth > 0:
		object := node{kind: '{'}
		for range g.IntN(3) {
			object.add(pick(g, known...), w.anything(depth-1))
		}
		return object
	case n == 2:
		return node{scalar: g.chance(50)}
	case n == 3:
		return node{}
	case n < 6:
		return node{scalar: json.Number(pick(g, "0", "1", "-1", "-0", "1.0", "1e2", "1E+2", "0.5", "2147483648", "9223372036854775808"))}
	}
	return node{scalar: pick(g, odd...)}
}

func (w *rewriter) space() {
	for range pick(w.g, 0, 0, 0, 0, 0, 1, 2) {
		w.WriteByte(pick[byte](w.g, ' ', '\n', '\t', '\r'))
	}
}

func (w *rewriter) value(n *node) {
	w.space()
	switch n.kind {
	case '{':
		w.WriteByte('{')
		for i := range n.members {
			w.comma(i)
			w.text(n.members[i].key, w.g.chance(30))
			w.space()
			w.WriteByte(':')
			w.value(&n.members[i].value)
		}
		w.space()
		w.WriteByte('}')
	case '[':
		w.WriteByte('[')
		for i := range n.items {
			w.comma(i)
			w.value(&n.items[i])
		}
		w.space()
		w.WriteByte(']')
	default:
		w.scalar(n)
	}
}

func (w *rewriter) comma(i int) {
	w.space()
	if i > 0 {
		w.WriteByte(',')
		w.space()
	}
}

func (w *rewriter) scalar(n *node) {
	switch v := n.scalar.(type) {
	case nil:
		w.WriteString("null")
	case string:
		w.text(v, !n.plain && w.g.chance(30))
	default:
		_, _ = fmt.Fprint(w, v) // a number as it was, true or false
	}
}

// text writes a string, with more escapes than it needs if wanted.
func (w *rewriter) text(s string, escape bool) {
	w.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\' || r < ' ' || escape && w.g.chance(30):
			w.escaped(r)
		default:
			w.WriteRune(r)
		}
	}
	w.WriteByte('"')
}

func (w *rewriter) escaped(r rune) {
	const short = "\"\"\\\\//\bb\ff\nn\rr\tt"
	for i := 0; i < len(short); i += 2 {
		if rune(short[i]) == r && w.g.chance(50) {
			w.Write([]byte{'\\', short[i+1]})
			return
		}
	}
	format := pick(w.g, `\u%04x`, `\u%04X`)
	if r > 0xffff {
		_, _ = fmt.Fprintf(w, format, 0xd800+(r-0x10000)>>10)
		r = 0xdc00 + (r-0x10000)&0x3ff
	}
	_, _ = fmt.Fprintf(w, format, r)
}

// damage now and then breaks a text.
func (g *Generator) damage(data []byte) []byte {
	if len(data) == 0 || g.chance(60) {
		return data
	}
	at := g.IntN(len(data))
	switch g.IntN(5) {
	case 0:
		return data[:at]
	case 1:
		return append(data, pick(g, "x", "{}", "null", "]", "\x00", "//", ",")...)
	case 2:
		return slices.Delete(data, at, at+1)
	case 3:
		return slices.Insert(data, at, pick(g, []byte("\xff"), []byte("\\"), []byte(`"`), []byte(","), []byte("\\ud800"), []byte{0})...)
	}
	data[at] = byte(g.IntN(256))
	if r, size := utf8.DecodeRune(data[at:]); r == utf8.RuneError && size == 1 && g.chance(50) {
		data[at] = ' '
	}
	return data
}
