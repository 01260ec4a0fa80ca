package snapshot

import (
	"bytes"
	"encoding/json"

	"github.com/gabion-security/gabion/workload"
)

// head is what comes before the spec of a pod that has no annotations, but for the
// policy that admitted it: where there were policies, every pod has that.
type head struct {
	policy          []byte
	namespace, name []byte
	controller      struct{ apiVersion, kind, name []byte }
}

// podMark begins the line of a pod, with metadata and so without annotations.
const podMark = `{"apiVersion":"v1","kind":"Pod","metadata":{`

// readHead reads the text before [specMark]. It understands the form that a
// [Writer] writes where no text needs escapes, and otherwise leaves it to the
// JSON library, which is slower. It reports whether the head is one, and
// complete, without other annotations.
func readHead(text []byte) (h head, ok bool) {
	c := cursor{rest: text, ok: true}
	c.literal(podMark)
	if c.has(`"annotations":{"` + workload.PodSecurityPolicyAnnotation + `":`) {
		h.policy = c.text()
		c.literal("},")
	}
	if c.has(`"labels":{`) {
		for more := true; more && c.ok; more = c.has(",") {
			c.text()
			c.literal(":")
			c.text()
		}
		c.literal("},")
	}
	c.literal(`"name":`)
	h.name = c.text()
	c.literal(`,"namespace":`)
	h.namespace = c.text()
	if c.has(`,"ownerReferences":[{"apiVersion":`) {
		h.controller.apiVersion = c.text()
		c.literal(`,"kind":`)
		h.controller.kind = c.text()
		c.literal(`,"name":`)
		h.controller.name = c.text()
		c.literal(`,"controller":true}]`)
	}
	c.literal("}")
	if c.ok && len(c.rest) == 0 {
		return h, true
	}
	return decodeHead(text)
}

func decodeHead(text []byte) (h head, ok bool) {
	var l struct {
		Metadata metadata `json:"metadata"`
	}
	if err := json.Unmarshal(append(text[:len(text):len(text)], '}'), &l); err != nil {
		return h, false
	}
	m := &l.Metadata
	if len(m.Annotations) > 0 || len(m.OwnerReferences) > 1 {
		return h, false
	}
	h.namespace, h.name = []byte(m.Namespace), []byte(m.Name)
	for _, o := range m.OwnerReferences {
		h.controller.apiVersion, h.controller.kind, h.controller.name = []byte(o.APIVersion), []byte(o.Kind), []byte(o.Name)
	}
	return h, true
}

// cursor goes over JSON of a known form.
type cursor struct {
	rest []byte
	ok   bool // the form is as it was said to be
}

// has goes over a text, if it is there.
func (c *cursor) has(text string) bool {
	if !c.ok || !bytes.HasPrefix(c.rest, []byte(text)) {
		return false
	}
	c.rest = c.rest[len(text):]
	return true
}

func (c *cursor) literal(text string) { c.ok = c.has(text) }

// text goes over a string of printable ASCII without escapes.
func (c *cursor) text() []byte {
	if c.literal(`"`); !c.ok {
		return nil
	}
	for i, b := range c.rest {
		switch {
		case b == '"':
			text := c.rest[:i]
			c.rest = c.rest[i+1:]
			return text
		case b < ' ' || b > '~' || b == '\\':
			c.ok = false
			return nil
		}
	}
	c.ok = false
	return nil
}
