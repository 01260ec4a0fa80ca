package workload

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/pss"
)

// at wraps a value so that the path leads to it, twice for [*] and .*; the
// concrete paths come back, in order.
func at(t *testing.T, path, value string) (text string, concrete []string) {
	t.Helper()
	segments, err := parsePath(path)
	if err != nil {
		t.Fatal(err)
	}
	text, concrete = value, []string{""}
	slices.Reverse(segments)
	for _, s := range segments {
		var below []string
		switch s.kind {
		case keySegment:
			text = `{"` + s.key + `":` + text + `}`
			for _, c := range concrete {
				below = append(below, s.key+dot(c))
			}
		case itemSegment:
			text = `[` + text + `,` + text + `]`
			for _, prefix := range []string{"[0]", "[1]"} {
				for _, c := range concrete {
					below = append(below, prefix+dot(c))
				}
			}
		case valueSegment:
			text = `{"Worker":` + text + `,"Master":` + text + `}`
			for _, prefix := range []string{"Master", "Worker"} {
				for _, c := range concrete {
					below = append(below, prefix+dot(c))
				}
			}
		}
		concrete = below
	}
	return text, concrete
}

func dot(path string) string {
	if path == "" || path[0] == '[' {
		return path
	}
	return "." + path
}

func TestEveryCustomKindIsReadAtEachOfItsPaths(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, row := range customKinds() {
		seen[row.group+"/"+row.kind] = true
		if row.shape != nil {
			continue
		}
		for _, path := range row.paths {
			for _, form := range []struct{ value, container string }{
				{`{"metadata":{},"spec":{"containers":[{"name":"c","image":"i","securityContext":{"privileged":true}}]}}`, "spec.containers[0]"},
				{`{"containers":[{"name":"c","image":"i","securityContext":{"privileged":true}}],"other":1}`, "containers[0]"},
			} {
				within := slices.ContainsFunc(row.paths, func(p string) bool { return strings.HasPrefix(path, p+".") })
				if within || strings.HasPrefix(form.container, "spec") && path == "spec" {
					continue
				}
				inner, concrete := at(t, path, form.value)
				text := `{"apiVersion":"` + row.group + `/v1","kind":"` + row.kind + `",` + inner[1:]
				item := readJSON(t, Options{}, text, true)
				var paths []string
				for _, template := range item.Templates {
					paths = append(paths, template.Path)
					want := []pss.Container{{Name: "c", Kind: pss.RegularContainer, Privileged: pss.Some(true)}}
					if diff := cmp.Diff(want, template.Pod.Containers); diff != "" || template.Partial != row.partial {
						t.Errorf("%s: %s: partial %v\n%s", row.kind, path, template.Partial, diff)
					}
					if got, want := template.FullPath("spec.containers[0]"), template.Path+"."+form.container; got != want {
						t.Errorf("%s: the container is at %s, want %s", row.kind, got, want)
					}
				}
				if diff := cmp.Diff(concrete, paths); diff != "" || item.Unchecked != nil {
					t.Errorf("%s: %+v\n%s", text, item, diff)
				}
			}
		}
	}
	for _, kind := range []string{
		"argoproj.io/Rollout", "serving.knative.dev/Service", "ray.io/RayCluster", "kubeflow.org/PyTorchJob", "jobset.x-k8s.io/JobSet",
		"leaderworkerset.x-k8s.io/LeaderWorkerSet", "batch.volcano.sh/Job", "argoproj.io/Workflow", "tekton.dev/Task", "sparkoperator.k8s.io/SparkApplication",
	} {
		if !seen[kind] {
			t.Errorf("%s is not in the table", kind)
		}
	}
}

func TestCustomKindsThatStateLessOrMore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text      string
		outcome   Outcome
		templates []string
		unchecked []string
		reason    string
	}{
		"a Rollout that refers to a Deployment": {
			text: `{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","spec":{"workloadRef":{"kind":"Deployment"}}}`, outcome: PassedOver,
		},
		"a Rollout that states nothing": {
			text: `{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","spec":{}}`, outcome: NotChecked,
			reason: "it states no pod template at spec.template",
		},
		"a RayCluster with one group that has no pod": {
			text:    `{"apiVersion":"ray.io/v1","kind":"RayCluster","spec":{"headGroupSpec":{"template":{"spec":{"containers":[]}}},"workerGroupSpecs":[{"template":{"metadata":{}}}]}}`,
			outcome: NotChecked, unchecked: []string{"spec.workerGroupSpecs[0].template"},
			reason: "the pod at spec.workerGroupSpecs[0].template cannot be read: it has neither spec nor containers",
		},
		"a RayCluster without workers": {
			text:    `{"apiVersion":"ray.io/v1alpha1","kind":"RayCluster","spec":{"headGroupSpec":{"template":{"spec":{"containers":[]}}},"workerGroupSpecs":null}}`,
			outcome: Read, templates: []string{"spec.headGroupSpec.template"},
		},
		"an InferenceService whose server KServe chooses": {
			text:    `{"apiVersion":"serving.kserve.io/v1beta1","kind":"InferenceService","spec":{"predictor":{"model":{"modelFormat":{"name":"x"}}}}}`,
			outcome: NotChecked, unchecked: []string{"spec.predictor", "spec.predictor.model"},
			reason: "the pod at spec.predictor cannot be read: it has neither spec nor containers",
		},
		"a Rollout with one more template than is known": {
			text:    `{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","spec":{"template":{"spec":{"containers":[{"name":"a"}]}},"extra":{"spec":{"containers":[{"name":"b"}]}}},"status":{"x":{"containers":[{"name":"s"}]}}}`,
			outcome: Read, templates: []string{"spec.template"}, unchecked: []string{"spec.extra"},
			reason: "it holds what looks like a pod template where the kind is not known to have one",
		},
		"a Rollout with its template elsewhere": {
			text:    `{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","spec":{"pods":{"template":{"spec":{"containers":[{"name":"a"}]}}}}}`,
			outcome: NotChecked, unchecked: []string{"spec.pods.template"},
			reason: "it holds what looks like a pod template where the kind is not known to have one",
		},
		"an InferenceService on several nodes": {
			text:    `{"apiVersion":"serving.kserve.io/v1beta1","kind":"InferenceService","spec":{"predictor":{"containers":[{"name":"a"}],"workerSpec":{"containers":[{"name":"b"}]}}}}`,
			outcome: Read, templates: []string{"spec.predictor", "spec.predictor.workerSpec"},
		},
		"an InferenceService with a model beside its container": {
			text:    `{"apiVersion":"serving.kserve.io/v1beta1","kind":"InferenceService","spec":{"predictor":{"containers":[{"name":"a"}],"model":{"securityContext":{"privileged":true}}}}}`,
			outcome: NotChecked, unchecked: []string{"spec.predictor.model"},
			reason: "the pod at spec.predictor.model cannot be read: it is a container that KServe completes from its own configuration",
		},
		"an InferenceService with servers of any framework": {
			text: `{"apiVersion":"serving.kserve.io/v1beta1","kind":"InferenceService","spec":{"explainer":{"art":{"image":"i"},"containers":[]},
			 "predictor":{"containers":[{"name":"a"}],"securityContext":{"seLinuxOptions":{}},"sklearn":{"storageUri":"x"},"nextframework":{"env":[]},"minReplicas":1},"transformer":{"containers":[],"x":{"command":[]}}}}`,
			outcome: NotChecked, unchecked: []string{"spec.explainer.art", "spec.predictor.nextframework", "spec.predictor.sklearn", "spec.transformer.x"},
			reason: "the pod at spec.predictor.nextframework cannot be read: it is a container that KServe completes from its own configuration",
		},
		"an InferenceService with settings that are no container": {
			text:    `{"apiVersion":"serving.kserve.io/v1beta1","kind":"InferenceService","spec":{"predictor":{"containers":[{"name":"a"}],"securityContext":{"runAsUser":1},"logger":{"url":"x"},"workerSpec":{"securityContext":{},"containers":[]}}}}`,
			outcome: Read, templates: []string{"spec.predictor", "spec.predictor.workerSpec"},
		},
		"an unknown kind with containers in containers": {
			text:    `{"apiVersion":"x.io/v1","kind":"Thing","a":{"containers":[{"containers":[{"image":"i"}],"name":"n"}]},"b":{"containers":[{"containers":[{"image":"i"}]}]},"c":{"containers":[[{"name":"x"}]]}}`,
			outcome: NotChecked, unchecked: []string{"a", "a.containers[0]", "b.containers[0]"},
			reason: "the kind is not known, and it holds what looks like a pod template",
		},
		"an unknown kind with templates": {
			text: `{"apiVersion":"x.io/v1","kind":"Thing","spec":{"b":[{"template":{"spec":{"containers":[{"image":"i"}]}}}],"a":{"containers":[7,{"name":"x"}]},
			 "a.b":{"spec":{"containers":[{"name":"x"}]}},"no":{"containers":[]},"nor":{"containers":{"name":"x"}},"neither":{"containers":["name",{"x":{"name":1}}]}}}`,
			outcome: NotChecked, unchecked: []string{"spec.a", "spec.b[0].template", `spec["a.b"]`},
			reason: "the kind is not known, and it holds what looks like a pod template",
		},
		"an unknown kind that is a pod itself": {
			text: `{"apiVersion":"x.io/v1","kind":"Thing","spec":{"containers":[{"image":"i"}]}}`, outcome: NotChecked, unchecked: []string{"spec"},
			reason: "the kind is not known, and it holds what looks like a pod template",
		},
		"an unknown kind that escapes the key": {
			text: `{"apiVersion":"x.io/v1","kind":"Thing","containers":null,"t":{"contain\u0065rs":[{"n\u0061me":"i"}]}}`, outcome: NotChecked, unchecked: []string{"t"},
			reason: "the kind is not known, and it holds what looks like a pod template",
		},
		"an unknown kind with containers at the top": {
			text: `{"apiVersion":"x.io/v1","kind":"Thing","containers":[{"name":"x"}]}`, outcome: NotChecked, unchecked: []string{"containers"},
			reason: "the kind is not known, and it holds what looks like a pod template",
		},
		"a CustomResourceDefinition": {
			text:    `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","spec":{"properties":{"containers":{"type":"array","items":{"properties":{"name":{}}}}}}}`,
			outcome: PassedOver,
		},
	} {
		item := readJSON(t, Options{}, c.text, true)
		var paths []string
		for _, template := range item.Templates {
			paths = append(paths, template.Path)
		}
		if item.Outcome != c.outcome || item.Reason != c.reason || item.Err != nil ||
			!slices.Equal(paths, c.templates) || !slices.Equal(item.Unchecked, c.unchecked) {
			t.Errorf("%s: got %+v", name, item)
		}
	}
}

func TestManyShapesAreListedInPartOnly(t *testing.T) {
	t.Parallel()
	one := `{"` + strings.Repeat("k", 5000) + `":{"containers":[{"name":"x"}]}},`
	item := readJSON(t, Options{}, `{"apiVersion":"x.io/v1","kind":"Thing","spec":[`+strings.Repeat(one, 150)+`{}]}`, true)
	if item.Outcome != NotChecked || len(item.Unchecked) != maxShapes || len(item.Unchecked[0]) > 100 {
		t.Errorf("got %v, %d paths", item.Outcome, len(item.Unchecked))
	}
}

func TestTemplatesThatWereReadDoNotHideOthers(t *testing.T) {
	t.Parallel()
	const template = `{"template":{"spec":{"containers":[{"name":"a"}]}}}`
	for _, count := range []int{maxShapes - 1, maxShapes, 3 * maxShapes} {
		item := readJSON(t, Options{}, `{"apiVersion":"batch.volcano.sh/v1alpha1","kind":"Job","spec":{"tasks":[`+
			strings.Repeat(template+",", count-1)+template+`],"other":`+template+`}}`, true)
		if item.Outcome != Read || len(item.Templates) != count || !slices.Equal(item.Unchecked, []string{"spec.other.template"}) {
			t.Errorf("%d templates: got %d, unchecked %q", count, len(item.Templates), item.Unchecked)
		}
	}
}
