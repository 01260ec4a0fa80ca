package webhook

import (
	"encoding/base64"
	"strconv"
	"unicode/utf8"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/jsontext"
)

// appendAnswer appends the AdmissionReview that answers the request of the UID.
func appendAnswer(b []byte, uid string, d admission.Decision) []byte {
	b = append(b, `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":{"uid":`...)
	b = appendString(b, uid)
	b = append(b, `,"allowed":`...)
	b = strconv.AppendBool(b, d.Allowed)
	if !d.Allowed {
		b = appendStatus(b, &d)
	}
	for i, a := range d.Annotations {
		if i == 0 {
			b = append(b, `,"auditAnnotations":{`...)
		} else {
			b = append(b, ',')
		}
		b = appendString(b, a.Key)
		b = append(b, ':')
		b = appendString(b, a.Value)
	}
	if len(d.Annotations) > 0 {
		b = append(b, '}')
	}
	for i, w := range d.Warnings {
		if i == 0 {
			b = append(b, `,"warnings":[`...)
		} else {
			b = append(b, ',')
		}
		b = appendString(b, w)
	}
	if len(d.Warnings) > 0 {
		b = append(b, ']')
	}
	if len(d.Patch) > 0 {
		b = append(b, `,"patchType":"JSONPatch","patch":"`...)
		b = base64.StdEncoding.AppendEncode(b, d.Patch)
		b = append(b, '"')
	}
	return append(b, `}}`...)
}

// appendStatus appends the status of a denial, a metav1.Status.
func appendStatus(b []byte, d *admission.Decision) []byte {
	b = append(b, `,"status":{"status":"Failure"`...)
	b = appendMember(b, "message", d.Message)
	b = appendMember(b, "reason", d.Reason)
	if x := &d.Details; x.Group != "" || x.Kind != "" || x.Name != "" || len(x.Causes) > 0 {
		b = appendDetails(b, x)
	}
	b = append(b, `,"code":`...)
	b = strconv.AppendInt(b, int64(d.Code), 10)
	return append(b, '}')
}

func appendDetails(b []byte, d *admission.Details) []byte {
	b = append(b, `,"details":`...)
	start := len(b)
	b = appendMember(b, "name", d.Name)
	b = appendMember(b, "group", d.Group)
	b = appendMember(b, "kind", d.Kind)
	for i, c := range d.Causes {
		if i == 0 {
			b = append(b, `,"causes":[`...)
		} else {
			b = append(b, ',')
		}
		cause := len(b)
		b = appendMember(b, "reason", c.Type)
		b = appendMember(b, "message", c.Message)
		b = appendMember(b, "field", c.Field)
		b = closeObject(b, cause)
	}
	if len(d.Causes) > 0 {
		b = append(b, ']')
	}
	return closeObject(b, start)
}

// appendMember appends a comma and a member of an object, unless it is empty.
func appendMember(b []byte, key, value string) []byte {
	if value == "" {
		return b
	}
	b = append(b, `,"`...)
	b = append(b, key...)
	b = append(b, `":`...)
	return appendString(b, value)
}

// closeObject makes the members that appendMember appended from start on an
// object: the first comma becomes its brace.
func closeObject(b []byte, start int) []byte {
	if len(b) == start {
		return append(b, `{}`...)
	}
	b[start] = '{'
	return append(b, '}')
}

// appendString appends a string in JSON. Bytes that are no UTF-8 become
// replacement characters.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; ; {
		end := jsontext.Plain(s, i)
		b = append(b, s[i:end]...)
		if end == len(s) {
			return append(b, '"')
		}
		switch c := s[end]; {
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(s[end:])
			if b = append(b, s[end:end+n]...); r == utf8.RuneError && n == 1 {
				b = append(b[:len(b)-1], `\ufffd`...)
			}
			i = end + n
			continue
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\t':
			b = append(b, `\t`...)
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i = end + 1
	}
}
