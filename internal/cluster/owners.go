package cluster

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/internal/label"
)

// fieldSet is a set of fields as FieldsV1 states it: a field owns nothing but
// itself if its own set is empty.
type fieldSet map[string]json.RawMessage

// fieldPath leads to the labels in a field set.
const (
	metadataField = "f:metadata"
	labelsField   = "f:labels"
	labelPrefix   = "f:"
)

// ownersOf returns who owns which label, sorted.
func ownersOf(entries []metav1.ManagedFieldsEntry) (map[string][]label.Owner, error) {
	owners := map[string][]label.Owner{}
	for i := range entries {
		e := &entries[i]
		_, _, labels, err := labelsOf(e)
		if err != nil {
			return nil, err
		}
		for field := range labels {
			if key, ok := cutField(field); ok {
				owners[key] = append(owners[key], ownerOf(e))
			}
		}
	}
	for _, list := range owners {
		slices.SortFunc(list, func(a, b label.Owner) int {
			return cmp.Or(cmp.Compare(a.Manager, b.Manager), cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.Subresource, b.Subresource))
		})
	}
	return owners, nil
}

func cutField(field string) (string, bool) {
	if len(field) <= len(labelPrefix) || field[:len(labelPrefix)] != labelPrefix {
		return "", false // "." is the map itself
	}
	return field[len(labelPrefix):], true
}

func ownerOf(e *metav1.ManagedFieldsEntry) label.Owner {
	return label.Owner{Manager: e.Manager, Operation: string(e.Operation), APIVersion: e.APIVersion, Subresource: e.Subresource}
}

// labelsOf returns the fields that an entry owns, those of the metadata and the
// labels. They are empty, never nil.
func labelsOf(e *metav1.ManagedFieldsEntry) (all, metadata, labels fieldSet, err error) {
	all, metadata, labels = fieldSet{}, fieldSet{}, fieldSet{}
	if e.FieldsV1 == nil {
		return all, metadata, labels, nil
	}
	read := func(text []byte, to *fieldSet) {
		if err == nil && len(text) > 0 {
			err = json.Unmarshal(text, to)
		}
	}
	read(e.FieldsV1.GetRawBytes(), &all)
	read(all[metadataField], &metadata)
	read(metadata[labelsField], &labels)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("the fields of manager %q cannot be read: %w", e.Manager, err)
	}
	return all, metadata, labels, nil
}

// withOwners returns the entries such that each of the labels has these owners
// and no others, and whether that differs from how they are.
func withOwners(entries []metav1.ManagedFieldsEntry, want map[string][]label.Owner) ([]metav1.ManagedFieldsEntry, bool, error) {
	result := slices.Clone(entries)
	for _, key := range slices.Sorted(maps.Keys(want)) {
		for _, owner := range want[key] {
			if !slices.ContainsFunc(result, func(e metav1.ManagedFieldsEntry) bool { return ownerOf(&e) == owner }) {
				result = append(result, metav1.ManagedFieldsEntry{
					Manager: owner.Manager, Operation: metav1.ManagedFieldsOperationType(owner.Operation),
					APIVersion: owner.APIVersion, Subresource: owner.Subresource, FieldsType: "FieldsV1",
				})
			}
		}
	}
	changed := false
	for i := range result {
		edited, err := setLabels(&result[i], want)
		if err != nil {
			return nil, false, err
		}
		changed = changed || edited
	}
	result = slices.DeleteFunc(result, func(e metav1.ManagedFieldsEntry) bool {
		return e.FieldsV1 == nil || string(e.FieldsV1.GetRawBytes()) == "{}"
	})
	if len(result) == 0 {
		result = []metav1.ManagedFieldsEntry{{}} // an empty list would leave everything as it is
	}
	return result, changed, nil
}

// setLabels adds to an entry the labels that it is to own, takes those away that
// it is not, and reports whether there were any.
func setLabels(e *metav1.ManagedFieldsEntry, want map[string][]label.Owner) (bool, error) {
	all, metadata, labels, err := labelsOf(e)
	if err != nil {
		return false, err
	}
	changed := false
	for key, owners := range want {
		_, has := labels[labelPrefix+key]
		switch should := slices.Contains(owners, ownerOf(e)); {
		case should && !has:
			labels[labelPrefix+key] = json.RawMessage("{}")
		case !should && has:
			delete(labels, labelPrefix+key)
		default:
			continue
		}
		changed = true
	}
	if !changed {
		return false, nil
	}
	if err := put(metadata, labelsField, labels); err != nil {
		return false, err
	}
	if err := put(all, metadataField, metadata); err != nil {
		return false, err
	}
	text, err := json.Marshal(all)
	if err != nil {
		return false, err
	}
	e.FieldsV1 = &metav1.FieldsV1{}
	e.FieldsV1.SetRawBytes(text)
	return true, nil
}

// put sets a field to what is below it, or removes it if that is nothing.
func put(to fieldSet, field string, below fieldSet) error {
	if len(below) == 0 {
		delete(to, field)
		return nil
	}
	text, err := json.Marshal(below)
	if err != nil {
		return err
	}
	to[field] = text
	return nil
}
