package cluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/internal/label"
)

// entry is what a field manager owns, as FieldsV1.
func entry(manager, operation, fields string) metav1.ManagedFieldsEntry {
	e := metav1.ManagedFieldsEntry{
		Manager: manager, Operation: metav1.ManagedFieldsOperationType(operation), APIVersion: "v1", FieldsType: "FieldsV1", FieldsV1: &metav1.FieldsV1{},
	}
	e.FieldsV1.SetRawBytes([]byte(fields))
	return e
}

func owner(manager, operation string) label.Owner {
	return label.Owner{Manager: manager, Operation: operation, APIVersion: "v1"}
}

func TestOwnersAreReadFromManagedFields(t *testing.T) {
	t.Parallel()
	status := entry("controller", "Update", `{"f:status": {"f:phase": {}}}`)
	status.Subresource = "status"
	got, err := ownersOf([]metav1.ManagedFieldsEntry{
		entry("b", "Update", `{"f:metadata": {"f:labels": {".": {}, "f:x": {}, "f:example.com/y": {}}, "f:annotations": {"f:z": {}}}}`),
		entry("a", "Apply", `{"f:metadata": {"f:labels": {"f:x": {}}}}`),
		entry("c", "Update", `{"f:metadata": {}}`),
		entry("d", "Update", `{}`),
		{Manager: "e"},
		status,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]label.Owner{"x": {owner("a", "Apply"), owner("b", "Update")}, "example.com/y": {owner("b", "Update")}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("owners (-want +got):\n%s", diff)
	}
}

func TestManagedFieldsThatCannotBeReadAreAnError(t *testing.T) {
	t.Parallel()
	for _, fields := range []string{`[]`, `{"f:metadata": 1}`, `{"f:metadata": {"f:labels": []}}`, `{`} {
		entries := []metav1.ManagedFieldsEntry{entry("a", "Apply", fields)}
		if got, err := ownersOf(entries); err == nil {
			t.Errorf("%s: got owners %v", fields, got)
		}
		if got, _, err := withOwners(entries, map[string][]label.Owner{"x": nil}); err == nil {
			t.Errorf("%s: got %v", fields, got)
		}
	}
}

func TestLabelsAreGivenToOwners(t *testing.T) {
	t.Parallel()
	kubectl := entry("kubectl", "Update", `{"f:metadata":{"f:labels":{".":{},"f:x":{}}},"f:spec":{"f:finalizers":{}}}`)
	for _, tt := range []struct {
		name    string
		entries []metav1.ManagedFieldsEntry
		want    map[string][]label.Owner
		result  map[string]string
		same    bool
	}{
		{
			name: "to one who owns other things", want: map[string][]label.Owner{"y": {owner("kubectl", "Update")}},
			entries: []metav1.ManagedFieldsEntry{kubectl, entry("gabion-label", "Apply", `{"f:metadata":{"f:labels":{"f:y":{}}}}`)},
			result:  map[string]string{"kubectl Update": `{"f:metadata":{"f:labels":{".":{},"f:x":{},"f:y":{}}},"f:spec":{"f:finalizers":{}}}`},
		},
		{
			name: "to one who owns nothing any more", want: map[string][]label.Owner{"y": {owner("gitops", "Apply")}},
			entries: []metav1.ManagedFieldsEntry{kubectl, entry("gabion-label", "Apply", `{"f:metadata":{"f:labels":{"f:y":{},"f:z":{}}}}`)},
			result: map[string]string{
				"kubectl Update":     `{"f:metadata":{"f:labels":{".":{},"f:x":{}}},"f:spec":{"f:finalizers":{}}}`,
				"gabion-label Apply": `{"f:metadata":{"f:labels":{"f:z":{}}}}`,
				"gitops Apply":       `{"f:metadata":{"f:labels":{"f:y":{}}}}`,
			},
		},
		{
			name: "to nobody", want: map[string][]label.Owner{"y": nil},
			entries: []metav1.ManagedFieldsEntry{entry("gabion-label", "Apply", `{"f:metadata":{"f:labels":{"f:y":{}}}}`)},
			result:  map[string]string{" ": ""}, // which empties the list
		},
		{
			name: "who have them", want: map[string][]label.Owner{"x": {owner("kubectl", "Update")}}, same: true,
			entries: []metav1.ManagedFieldsEntry{kubectl},
			result:  map[string]string{"kubectl Update": `{"f:metadata":{"f:labels":{".":{},"f:x":{}}},"f:spec":{"f:finalizers":{}}}`},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before := tt.entries[0].FieldsV1.GetRawString()
			got, changed, err := withOwners(tt.entries, tt.want)
			if err != nil || changed == tt.same {
				t.Fatalf("changed: %t, error %v", changed, err)
			}
			result := map[string]string{}
			for _, e := range got {
				fields := ""
				if e.FieldsV1 != nil {
					fields = e.FieldsV1.GetRawString()
				}
				result[e.Manager+" "+string(e.Operation)] = fields
			}
			if diff := cmp.Diff(tt.result, result); diff != "" {
				t.Errorf("managed fields (-want +got):\n%s", diff)
			}
			if after := tt.entries[0].FieldsV1.GetRawString(); after != before {
				t.Errorf("the caller's entry has become %s", after)
			}
		})
	}
}
