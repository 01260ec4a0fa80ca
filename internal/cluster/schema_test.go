package cluster

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	container = `{"type":"array","items":{"properties":{"name":{},"image":{}}}}`
	podSpec   = `{"properties":{"containers":` + container + `,"hostNetwork":{},"hostPID":{},"hostIPC":{},"volumes":{},"securityContext":{}}}`
	aTemplate = `{"properties":{"metadata":{},"spec":` + podSpec + `}}`
)

func TestASchemaTellsWherePodsStand(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, schema string
		want         places
	}{
		{"nowhere", `{"properties":{"spec":{"properties":{"text":{}}}}}`, places{}},
		{"no schema", `null`, places{hidden: true}},
		{"a template", `{"properties":{"spec":{"properties":{"template":` + aTemplate + `}}}}`, places{found: []place{{"spec.template", false}}}},
		{"the spec of a pod", `{"properties":{"spec":` + podSpec + `}}`, places{found: []place{{"spec", false}}}},
		{
			"more than one, in lists and maps",
			`{"properties":{"spec":{"properties":{"b":{"items":{"properties":{"t":` + aTemplate + `}}},"a/x":{"additionalProperties":` + podSpec + `}}}}}`,
			places{found: []place{{`spec["a/x"].*`, false}, {"spec.b[*].t", false}}},
		},
		{"containers and little else", `{"properties":{"spec":{"properties":{"containers":` + container + `}}}}`, places{found: []place{{"spec", true}}}},
		{"containers that are none", `{"properties":{"spec":{"properties":{"containers":{"items":{"type":"string"}}}}}}`, places{}},
		{"the status", `{"properties":{"status":{"properties":{"template":` + aTemplate + `},"x-kubernetes-preserve-unknown-fields":true}}}`, places{}},
		{"anything at the top", `{"x-kubernetes-preserve-unknown-fields":true}`, places{hidden: true}},
		{"anything further down", `{"properties":{"spec":{"items":{"x-kubernetes-preserve-unknown-fields":true}}}}`, places{hidden: true}},
		{"anything in a map", `{"properties":{"spec":{"additionalProperties":true}}}`, places{hidden: true}},
		{"nothing in a map", `{"properties":{"spec":{"additionalProperties":false}}}`, places{}},
		{"items of several schemas", `{"properties":{"spec":{"items":[{"type":"string"},{"type":"object"}]}}}`, places{hidden: true}},
		{"a template of which the rest is open", `{"properties":{"t":{"properties":{"metadata":{},"spec":{"x-kubernetes-preserve-unknown-fields":true}}}}}`, places{hidden: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var root *customSchema
			if err := json.Unmarshal([]byte(tt.schema), &root); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, findPlaces(root), cmp.AllowUnexported(places{}, place{})); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}
