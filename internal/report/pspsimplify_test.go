package report

import (
	"bytes"
	"encoding/json"
	"testing"
)

func pspSimplifications() map[string]PSPSimplification {
	document := func(policies ...PSPSimplified) PSPSimplification {
		return PSPSimplification{
			APIVersion: APIVersion, Kind: "PodSecurityPolicySimplification", Policies: append([]PSPSimplified{}, policies...),
			Roles: []json.RawMessage{}, Notes: []string{}, NotChecked: []NotChecked{}, Errors: []Error{},
		}
	}
	plain := PSPSimplified{
		Source: Source{File: "a.yaml", Document: 1, Line: 1}, Name: "plain", CopyName: "0-plain", Changes: []PSPSimplifyStep{},
		Original: json.RawMessage(`{"metadata":{"name":"plain"}}`),
	}
	many := plain
	many.Name, many.Source.File = hostile, hostile
	many.Changes = []PSPSimplifyStep{
		{"metadata.annotations[" + hostile + "]", hostile, false, "it only changes pods", "all of them"}, {"fsGroup", "{}", true, "it changes pods", ""},
	}
	many.Original = json.RawMessage(`{"metadata":{"name":"many"},"spec":{"a":1,"b":[1,2]}}`)
	many.Policy = json.RawMessage(`{"metadata":{"name":"0-many"},"spec":{"b":[1,2]}}`)
	two := document(many, plain, many)
	two.Roles = append(two.Roles, json.RawMessage(`{"kind":"Role","rules":[]}`))
	two.Notes = []string{hostile}
	return map[string]PSPSimplification{"nothing": document(), "one": document(plain), "many": two}
}

func TestEveryFormatOfASimplificationIsAsItsGolden(t *testing.T) {
	t.Parallel()
	got := map[string][]byte{}
	for name, s := range pspSimplifications() {
		for _, format := range PSPSimplificationFormats() {
			var out bytes.Buffer
			must(t, WritePSPSimplification(&out, format, &s))
			got["pspsimplify-"+name+"."+format] = out.Bytes()
		}
	}
	compareGoldens(t, "pspsimplify-*", got)
}

func TestASimplificationIsWrittenInNoUnknownFormat(t *testing.T) {
	t.Parallel()
	if err := WritePSPSimplification(&bytes.Buffer{}, "toml", &PSPSimplification{}); err == nil {
		t.Error("a simplification was written as toml")
	}
}
