package objects_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

const guardDefinition = "podsecurityguards.gabion.io"

// definition changes the definition of guards.
func definition(t *testing.T, change func(versions []any) []any) {
	t.Helper()
	client, err := dynamic.NewForConfig(plane.Config())
	if err != nil {
		t.Fatal(err)
	}
	api := client.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
	crd, err := api.Get(t.Context(), guardDefinition, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	versions, _, err := unstructured.NestedSlice(crd.Object, "spec", "versions")
	if err != nil {
		t.Fatal(err)
	}
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"versions": change(versions)}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := api.Patch(t.Context(), guardDefinition, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}

// specOf returns the schema of a guard's spec in a version.
func specOf(version any) map[string]any {
	spec, _, _ := unstructured.NestedFieldNoCopy(version.(map[string]any), "schema", "openAPIV3Schema", "properties", "spec")
	return spec.(map[string]any)
}

// upgraded changes the definition of guards while there are some.
func (f *following) upgraded(t *testing.T) {
	stays := func(what string) {
		t.Helper()
		for begin := time.Now(); time.Since(begin) < 8*time.Second; time.Sleep(100 * time.Millisecond) {
			if err := f.label(unlabel)(t.Context()); err == nil {
				t.Fatalf("%s: the guard is off after %s", what, time.Since(begin))
			}
		}
		f.refused(t, what, f.label(unlabel), "PodSecurityGuard floor")
	}
	f.ready(t, "")
	t.Run("a field is added", func(t *testing.T) {
		definition(t, func(versions []any) []any {
			specOf(versions[0])["properties"].(map[string]any)["severity"] = map[string]any{"type": "string"}
			return versions
		})
		stays("a field more")
		f.ready(t, "")
		eventually(t, "a guard with it", func() string {
			kubectl(t, `{"apiVersion":"gabion.io/v1alpha1","kind":"PodSecurityGuard","metadata":{"name":"floor"},"spec":{"action":"deny","namespaces":{"names":["shop"]},"floor":{"enforce":"baseline"},"severity":"high"}}`,
				"apply", "--server-side", "--validate=false", "-f", "-")
			if output(t, "get", "psguard", "floor", "-o", "jsonpath={.spec.severity}") != "high" {
				return "the field is dropped"
			}
			return ""
		})
		// What this program does not know cannot be passed over: it may be a condition.
		f.ready(t, `PodSecurityGuard floor: unknown field "spec.severity"`)
		stays("a guard with a field of a later release")
	})
	t.Run("what is stored is not valid any more", func(t *testing.T) {
		definition(t, func(versions []any) []any {
			spec := specOf(versions[0])
			delete(spec["properties"].(map[string]any), "severity")
			spec["required"] = append(spec["required"].([]any), "action", "lock")
			return versions
		})
		stays("a guard that could not be written any more")
		f.ready(t, "")
		condition(t, guard, "floor", "Ready", "True InForce")
	})
	t.Run("another version is served, and stored", func(t *testing.T) {
		definition(t, func(versions []any) []any {
			text, err := json.Marshal(versions[0])
			if err != nil {
				t.Fatal(err)
			}
			var next map[string]any
			if err := json.Unmarshal(text, &next); err != nil {
				t.Fatal(err)
			}
			versions[0].(map[string]any)["storage"] = false
			next["name"] = "v1beta1"
			return append(versions, next)
		})
		stays("two versions")
		f.ready(t, "")
	})
	t.Run("this version is served no more", func(t *testing.T) {
		definition(t, func(versions []any) []any {
			versions[0].(map[string]any)["served"] = false
			return versions
		})
		f.logged(t, "the object stays in force although its definition is gone")
		stays("a version that is served no more")
		f.refused(t, "another namespace that is weakened", func(ctx context.Context) error { return f.label(unlabel)(ctx) }, "PodSecurityGuard floor")
	})
	t.Run("the definition of this release comes again", func(t *testing.T) {
		definition(t, func(versions []any) []any {
			first, second := versions[0].(map[string]any), versions[1].(map[string]any)
			first["served"], first["storage"], second["storage"] = true, true, false
			return versions
		})
		stays("it is served again")
		f.ready(t, "")
		kubectl(t, "", "annotate", "psguard", "--all", "--overwrite", "example.com/stored=anew")
		kubectl(t, "", "patch", "crd", guardDefinition, "--subresource=status", "--type=merge", `-p={"status":{"storedVersions":["v1alpha1"]}}`)
		kubectl(t, manifest(t, "--crds-only"), "apply", "--server-side", "--force-conflicts", "-f", "-")
		stays("it is as it was")
		f.ready(t, "")
	})
}
