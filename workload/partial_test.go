package workload

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/pss"
)

func TestAssembledPodsAreReadFromTheirPieces(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text  string
		want  []pss.Pod
		paths map[string]string // of the first template, by the pod's path
	}{
		"an Argo Workflow": {
			text: `{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","spec":{
			 "securityContext":{"runAsUser":5},"volumes":[{"name":"shared","hostPath":{"path":"/"}}],"hostNetwork":true,
			 "podMetadata":{"annotations":{"container.apparmor.security.beta.kubernetes.io/main":"a","seccomp.security.alpha.kubernetes.io/pod":"s"}},
			 "templates":[
			  {"name":"one","metadata":{"annotations":{"container.apparmor.security.beta.kubernetes.io/main":"b"}},
			   "container":{"image":"i","securityContext":{"privileged":true}},"sidecars":[{"name":"s1"},{"name":"s2"}],
			   "initContainers":[{"name":"i1"}],"volumes":[{"name":"own","secret":{}}],"securityContext":{"runAsNonRoot":true}},
			  {"name":"graph","dag":{"tasks":[]}},
			  {"name":"two","script":{"source":"x","name":"sc"}},
			  {"name":"three","containerSet":{"containers":[{"name":"a"},{"name":"b"}]}}]}}`,
			want: []pss.Pod{
				{
					Annotations: []pss.Annotation{{Key: pss.AppArmorAnnotationPrefix + "main", Value: "b"}, {Key: pss.SeccompPodAnnotation, Value: "s"}},
					HostNetwork: true, SecurityContext: pss.SecurityContext{RunAsNonRoot: pss.Some(true)},
					Volumes: []pss.Volume{{Name: "shared", Sources: pss.VolumeHostPath}, {Name: "own", Sources: pss.VolumeSecret}},
					Containers: []pss.Container{
						{Name: "i1", Kind: pss.InitContainer}, {Name: "main", Kind: pss.RegularContainer, Privileged: pss.Some(true)},
						{Name: "s1", Kind: pss.RegularContainer, Index: 1}, {Name: "s2", Kind: pss.RegularContainer, Index: 2},
					},
				},
				workflowPod(pss.Container{Name: "sc", Kind: pss.RegularContainer}),
				workflowPod(pss.Container{Name: "a", Kind: pss.RegularContainer}, pss.Container{Name: "b", Kind: pss.RegularContainer, Index: 1}),
			},
			paths: map[string]string{
				"spec.containers[0].securityContext.privileged": "spec.templates[0].container.securityContext.privileged",
				"spec.containers[2]":                            "spec.templates[0].sidecars[1]",
				"spec.initContainers[0].name":                   "spec.templates[0].initContainers[0].name",
				"spec.volumes[0].hostPath":                      "spec.volumes[0].hostPath",
				"spec.volumes[1]":                               "spec.templates[0].volumes[0]",
				"spec.hostNetwork":                              "spec.hostNetwork",
				"spec.securityContext.runAsNonRoot":             "spec.templates[0].securityContext.runAsNonRoot",
				`metadata.annotations["container.apparmor.security.beta.kubernetes.io/main"]`: `spec.templates[0].metadata.annotations["container.apparmor.security.beta.kubernetes.io/main"]`,
				`metadata.annotations["seccomp.security.alpha.kubernetes.io/pod"]`:            `spec.podMetadata.annotations["seccomp.security.alpha.kubernetes.io/pod"]`,
			},
		},
		"an Argo Workflow with inline templates": {
			text: `{"apiVersion":"argoproj.io/v1alpha1","kind":"WorkflowTemplate","spec":{"hostNetwork":true,"templates":[
			 {"steps":[[{"name":"x","template":"t"}],[{"name":"y","inline":{"container":{"securityContext":{"privileged":true}}}}]]},
			 {"dag":{"tasks":[{"name":"z","inline":{"containerSet":{"containers":[{"name":"a"}]}}}]}}]}}`,
			want: []pss.Pod{
				{HostNetwork: true, Containers: []pss.Container{{Name: "main", Kind: pss.RegularContainer, Privileged: pss.Some(true)}}},
				{HostNetwork: true, Containers: []pss.Container{{Name: "a", Kind: pss.RegularContainer}}},
			},
			paths: map[string]string{
				"spec.containers[0].securityContext.privileged": "spec.templates[0].steps[1][0].inline.container.securityContext.privileged",
				"spec.hostNetwork": "spec.hostNetwork",
			},
		},
		"a Tekton TaskRun": {
			text: `{"apiVersion":"tekton.dev/v1","kind":"TaskRun","spec":{"podTemplate":{"hostNetwork":true,"securityContext":{"runAsUser":0}},
			 "taskSpec":{"steps":[{"image":"a"},{"image":"b"}],"sidecars":[{"name":"s","image":"c"}]}}}`,
			want: []pss.Pod{{
				HostNetwork: true, SecurityContext: pss.SecurityContext{RunAsUser: pss.Some(int64(0))},
				Containers: []pss.Container{
					{Name: "step", Kind: pss.RegularContainer}, {Name: "step-1", Kind: pss.RegularContainer, Index: 1}, {Name: "s", Kind: pss.RegularContainer, Index: 2},
				},
			}},
			paths: map[string]string{
				"spec.containers[1]":             "spec.taskSpec.steps[1]",
				"spec.containers[2]":             "spec.taskSpec.sidecars[0]",
				"spec.securityContext.runAsUser": "spec.podTemplate.securityContext.runAsUser",
			},
		},
		"a SparkApplication": {
			text: `{"apiVersion":"sparkoperator.k8s.io/v1beta2","kind":"SparkApplication","spec":{"volumes":[{"name":"v","nfs":{}}],
			 "driver":{"image":"i","podSecurityContext":{"runAsNonRoot":true},"securityContext":{"privileged":true},"sidecars":[{"name":"s"}],
			  "annotations":{"seccomp.security.alpha.kubernetes.io/pod":"x"}},
			 "executor":{"hostNetwork":true}}}`,
			want: []pss.Pod{
				{
					Annotations:     []pss.Annotation{{Key: pss.SeccompPodAnnotation, Value: "x"}},
					SecurityContext: pss.SecurityContext{RunAsNonRoot: pss.Some(true)},
					Volumes:         []pss.Volume{{Name: "v", Sources: pss.VolumeNFS}},
					Containers: []pss.Container{
						{Name: "spark", Kind: pss.RegularContainer, Privileged: pss.Some(true)}, {Name: "s", Kind: pss.RegularContainer, Index: 1},
					},
				},
				{
					HostNetwork: true, Volumes: []pss.Volume{{Name: "v", Sources: pss.VolumeNFS}},
					Containers: []pss.Container{{Name: "spark", Kind: pss.RegularContainer}},
				},
			},
			paths: map[string]string{
				"spec.containers[0].securityContext.privileged":                    "spec.driver.securityContext.privileged",
				"spec.containers[0]":                                               "spec.driver",
				"spec.containers[1]":                                               "spec.driver.sidecars[0]",
				"spec.securityContext.runAsNonRoot":                                "spec.driver.podSecurityContext.runAsNonRoot",
				`metadata.annotations["seccomp.security.alpha.kubernetes.io/pod"]`: `spec.driver.annotations["seccomp.security.alpha.kubernetes.io/pod"]`,
			},
		},
		"a Tekton StepAction": {
			text:  `{"apiVersion":"tekton.dev/v1beta1","kind":"StepAction","spec":{"image":"i","securityContext":{"runAsUser":0}}}`,
			want:  []pss.Pod{{Containers: []pss.Container{{Name: "step", Kind: pss.RegularContainer, SecurityContext: pss.SecurityContext{RunAsUser: pss.Some(int64(0))}}}}},
			paths: map[string]string{"spec.containers[0].securityContext.runAsUser": "spec.securityContext.runAsUser"},
		},
	} {
		item := readJSON(t, Options{}, c.text, true)
		if item.Outcome != Read || item.Unchecked != nil {
			t.Errorf("%s: %+v", name, item)
			continue
		}
		var got []pss.Pod
		for _, template := range item.Templates {
			got = append(got, template.Pod)
			if !template.Partial {
				t.Errorf("%s: %s is not marked as partial", name, template.Path)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		for path, want := range c.paths {
			if got := item.Templates[0].FullPath(path); got != want {
				t.Errorf("%s: %s is at %s, want %s", name, path, got, want)
			}
		}
	}
}

func workflowPod(containers ...pss.Container) pss.Pod {
	return pss.Pod{
		Annotations: []pss.Annotation{{Key: pss.AppArmorAnnotationPrefix + "main", Value: "a"}, {Key: pss.SeccompPodAnnotation, Value: "s"}},
		HostNetwork: true, SecurityContext: pss.SecurityContext{RunAsUser: pss.Some(int64(5))},
		Volumes: []pss.Volume{{Name: "shared", Sources: pss.VolumeHostPath}}, Containers: containers,
	}
}

func TestAssembledPodsThatCannotBeReadAreNotChecked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text      string
		outcome   Outcome
		unchecked []string
		reason    string
	}{
		"a patch of the pod": {
			text:    `{"apiVersion":"argoproj.io/v1alpha1","kind":"WorkflowTemplate","spec":{"templates":[{"podSpecPatch":"x","container":{"image":"i"}}]}}`,
			outcome: NotChecked, unchecked: []string{"spec.templates[0]"}, reason: "the pod at spec.templates[0] cannot be read: podSpecPatch changes it",
		},
		"a patch of all pods": {
			text:    `{"apiVersion":"argoproj.io/v1alpha1","kind":"CronWorkflow","spec":{"workflowSpec":{"podSpecPatch":"x","templates":[{"container":{"image":"i"}}]}}}`,
			outcome: NotChecked, unchecked: []string{"spec.workflowSpec"}, reason: "the pod at spec.workflowSpec cannot be read: podSpecPatch changes it",
		},
		"a step template": {
			text:    `{"apiVersion":"tekton.dev/v1","kind":"Task","spec":{"stepTemplate":{},"steps":[{"image":"a"}]}}`,
			outcome: NotChecked, unchecked: []string{"spec"}, reason: "the pod at spec cannot be read: stepTemplate changes it",
		},
		"a step that is stated elsewhere": {
			text:    `{"apiVersion":"tekton.dev/v1","kind":"Task","spec":{"steps":[{"name":"s","ref":{"name":"x"}}]}}`,
			outcome: NotChecked, unchecked: []string{"spec.steps[0]"}, reason: "the pod at spec.steps[0] cannot be read: it is a reference to another object",
		},
		"a Spark driver's template": {
			text:    `{"apiVersion":"sparkoperator.k8s.io/v1beta2","kind":"SparkApplication","spec":{"driver":{"template":{"spec":{"containers":[{"name":"x"}]}}}}}`,
			outcome: NotChecked, unchecked: []string{"spec.driver"}, reason: "the pod at spec.driver cannot be read: template changes it",
		},
		"a Workflow of another template": {
			text: `{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","spec":{"workflowTemplateRef":{"name":"x"}}}`, outcome: PassedOver,
		},
		"a Workflow of steps only": {
			text: `{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","spec":{"templates":[{"steps":[[{"templateRef":{}}]]}]}}`, outcome: PassedOver,
		},
		"a Workflow whose pod the controller makes alone": {
			text:    `{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","spec":{"templates":[{"resource":{"action":"get"}}]}}`,
			outcome: NotChecked, unchecked: []string{"spec.templates[0]"}, reason: "the pod at spec.templates[0] cannot be read: resource states it in a way that is not read",
		},
		"a Workflow that makes objects beside its steps": {
			text:    `{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","spec":{"templates":[{"steps":[[{"template":"b"}]]},{"name":"b","resource":{"manifest":"x"}}]}}`,
			outcome: NotChecked, unchecked: []string{"spec.templates[1]"}, reason: "the pod at spec.templates[1] cannot be read: resource states it in a way that is not read",
		},
		"a Workflow of all that makes a pod unseen, beside a container": {
			text: `{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","spec":{"templates":[{"container":{"image":"i"}},{"data":{}},{"http":{}},{"plugin":{"x":{}}},
			 {"steps":[[{"inline":{"resource":{}}}]]}]}}`,
			outcome: NotChecked, unchecked: []string{"spec.templates[1]", "spec.templates[2]", "spec.templates[3]", "spec.templates[4].steps[0][0].inline"},
			reason: "the pod at spec.templates[1] cannot be read: data states it in a way that is not read",
		},
		"a Workflow with inline templates in inline templates": {
			text: `{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","spec":{"templates":[
			 {"steps":[[{"inline":{"dag":{"tasks":[{"inline":{"container":{}}}]}}}]]},{"dag":{"tasks":[{"inline":{"steps":[[{"inline":{"container":{}}}]]}}]}}]}}`,
			outcome: NotChecked, unchecked: []string{"spec.templates[0].steps[0][0].inline.dag", "spec.templates[1].dag.tasks[0].inline.steps"},
			reason: "the pod at spec.templates[0].steps[0][0].inline.dag cannot be read: it is inline in a template that is inline itself",
		},
		"a patch of the pods that collect artifacts": {
			text:    `{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","spec":{"artifactGC":{"podSpecPatch":"x"},"templates":[{"container":{}}]}}`,
			outcome: NotChecked, unchecked: []string{"spec.artifactGC.podSpecPatch"},
			reason: "the pod at spec.artifactGC.podSpecPatch cannot be read: it changes pods that are stated apart from it",
		},
		"a Pipeline in a Pipeline": {
			text: `{"apiVersion":"tekton.dev/v1","kind":"Pipeline","spec":{"tasks":[{"taskRef":{}},{"pipelineSpec":{"tasks":[{"taskSpec":{"steps":[{"securityContext":{"privileged":true}}]}}]}}],
			 "finally":[{"taskSpec":{"steps":[{"name":"s"}]}},{"pipelineSpec":{}}]}}`,
			outcome: NotChecked, unchecked: []string{"spec.finally[1].pipelineSpec", "spec.tasks[1].pipelineSpec"},
			reason: "the pod at spec.tasks[1].pipelineSpec cannot be read: it is a pipeline in a pipeline",
		},
		"a Pipeline in a PipelineRun's Pipeline, beside a good task": {
			text: `{"apiVersion":"tekton.dev/v1","kind":"PipelineRun","spec":{"pipelineSpec":{"tasks":[{"taskSpec":{"steps":[{"name":"s"}]}},{"pipelineSpec":{"tasks":[]}}],
			 "finally":[{"pipelineSpec":{}}]}}}`,
			outcome: NotChecked, unchecked: []string{"spec.pipelineSpec.finally[0].pipelineSpec", "spec.pipelineSpec.tasks[1].pipelineSpec"},
			reason: "the pod at spec.pipelineSpec.tasks[1].pipelineSpec cannot be read: it is a pipeline in a pipeline",
		},
		"a TaskRun of a Task": {
			text: `{"apiVersion":"tekton.dev/v1","kind":"TaskRun","spec":{"taskRef":{"name":"x"}}}`, outcome: PassedOver,
		},
		"a TaskRun of a Task, with settings for its pod": {
			text:      `{"apiVersion":"tekton.dev/v1","kind":"TaskRun","spec":{"taskRef":{"name":"x"},"podTemplate":{"hostNetwork":true}}}`,
			outcome:   NotChecked,
			unchecked: []string{"spec.podTemplate.hostNetwork"}, reason: "the pod at spec.podTemplate.hostNetwork cannot be read: it changes pods that are stated in another object",
		},
		"a Workflow of another template, with settings for its pods": {
			text:      `{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","spec":{"workflowTemplateRef":{"name":"x"},"hostNetwork":true}}`,
			outcome:   NotChecked,
			unchecked: []string{"spec.hostNetwork"}, reason: "the pod at spec.hostNetwork cannot be read: it changes pods that are stated in another object",
		},
		"a PipelineRun with a template for all tasks": {
			text:      `{"apiVersion":"tekton.dev/v1beta1","kind":"PipelineRun","spec":{"podTemplate":{"hostNetwork":true},"pipelineSpec":{"tasks":[{"name":"a","taskSpec":{"steps":[{"name":"s"}]}}]}}}`,
			outcome:   NotChecked,
			unchecked: []string{"spec.podTemplate"}, reason: "the pod at spec.podTemplate cannot be read: it changes pods that are stated apart from it",
		},
		"a PipelineRun with a template for one task": {
			text:      `{"apiVersion":"tekton.dev/v1","kind":"PipelineRun","spec":{"pipelineRef":{"name":"p"},"taskRunSpecs":[{"podTemplate":{}}]}}`,
			outcome:   NotChecked,
			unchecked: []string{"spec.taskRunSpecs[0].podTemplate"}, reason: "the pod at spec.taskRunSpecs[0].podTemplate cannot be read: it changes pods that are stated apart from it",
		},
		"a Pipeline of Tasks": {
			text: `{"apiVersion":"tekton.dev/v1","kind":"Pipeline","spec":{"tasks":[{"name":"a","taskRef":{"name":"x"}}]}}`, outcome: PassedOver,
		},
	} {
		item := readJSON(t, Options{}, c.text, true)
		if item.Outcome != c.outcome || item.Reason != c.reason || item.Err != nil || !slices.Equal(item.Unchecked, c.unchecked) || item.Templates != nil {
			t.Errorf("%s: got %+v", name, item)
		}
	}
	item := readJSON(t, Options{}, `{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","spec":{"templates":[{"container":{},"container":{}}]}}`, false)
	if item.Outcome != Broken || item.Err.Error() != `duplicate key "container" at spec.templates[0]` {
		t.Errorf("a container given twice: %+v", item)
	}
}

func TestWhatATemplateAnnotatesCountsBeforeWhatAllShare(t *testing.T) {
	t.Parallel()
	const key = "container.apparmor.security.beta.kubernetes.io/"
	text := `{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","spec":{"podMetadata":{"annotations":{"KEYb":"runtime/default"}},"templates":[
{"name":"t","container":{"name":"main"},"metadata":{"annotations":{"KEYa":"localhost/a","KEYb":"unconfined"}}},
{"name":"u","container":{"name":"main"}},
{"name":"v","container":{"name":"main"},"metadata":{"annotations":{"KEYb":"localhost/v"}}}]}}`
	item := newTestReader(t, Options{Extra: true}).ReadObject([]byte(strings.ReplaceAll(text, "KEY", key)))
	if item.Err != nil || len(item.Templates) != 3 {
		t.Fatalf("%d templates: %v", len(item.Templates), item.Err)
	}
	for i, want := range [][]pss.Annotation{
		{{Key: key + "a", Value: "localhost/a"}, {Key: key + "b", Value: "unconfined"}},
		{{Key: key + "b", Value: "runtime/default"}},
		{{Key: key + "b", Value: "localhost/v"}},
	} {
		if diff := cmp.Diff(want, item.Templates[i].Pod.Annotations); diff != "" {
			t.Errorf("template %d (-want +got):\n%s", i, diff)
		}
	}
	for i, want := range []string{"spec.templates[0].metadata.annotations", "spec.podMetadata.annotations", "spec.templates[2].metadata.annotations"} {
		if got := item.Templates[i].FullPath(`metadata.annotations["` + key + `b"]`); !strings.HasPrefix(got, want) {
			t.Errorf("template %d: %s", i, got)
		}
	}
}

func TestWhatATemplateSetsForItsPodIsNoOtherTemplates(t *testing.T) {
	t.Parallel()
	const text = `{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","spec":{
"securityContext":{"runAsUser":1,"fsGroup":2,"supplementalGroups":[3],"sysctls":[{"name":"s"}]},"volumes":[{"name":"a"},{"name":"b","hostPath":{"path":"/b"}}],
"templates":[
{"container":{"name":"main"},"volumes":[{"name":"c","hostPath":{"path":"/c"}}],"securityContext":{"supplementalGroups":[4]}},
{"container":{"name":"main"},"volumes":[{"name":"d","hostPath":{"path":"/d"}}]},
{"container":{"name":"main"}}]}}`
	item := newTestReader(t, Options{Extra: true}).ReadObject([]byte(text))
	if item.Err != nil || len(item.Templates) != 3 {
		t.Fatalf("%d templates: %v", len(item.Templates), item.Err)
	}
	type settings struct {
		Volumes, Paths, Sysctls []string
		User, Group             pss.Opt[int64]
		Groups                  []int64
	}
	var got []settings
	for i := range item.Templates {
		p, x := &item.Templates[i].Pod, item.Templates[i].Extra
		s := settings{Sysctls: p.Sysctls, User: p.SecurityContext.RunAsUser, Group: x.FSGroup, Groups: x.SupplementalGroups}
		for i := range p.Volumes {
			s.Volumes, s.Paths = append(s.Volumes, p.Volumes[i].Name), append(s.Paths, x.Volumes[i].HostPath)
		}
		got = append(got, s)
	}
	one, two := pss.Some(int64(1)), pss.Some(int64(2))
	want := []settings{
		{Volumes: []string{"a", "b", "c"}, Paths: []string{"", "/b", "/c"}, Groups: []int64{4}},
		{[]string{"a", "b", "d"}, []string{"", "/b", "/d"}, []string{"s"}, one, two, []int64{3}},
		{[]string{"a", "b"}, []string{"", "/b"}, []string{"s"}, one, two, []int64{3}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for path, want := range map[string]string{"spec.volumes[1]": "spec.volumes[1]", "spec.volumes[2].hostPath": "spec.templates[1].volumes[0].hostPath"} {
		if got := item.Templates[1].FullPath(path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

// What all pods of an object share is read once, not once for each of them.
func TestManyTemplatesThatShareManyVolumes(t *testing.T) {
	t.Parallel()
	sharing := func(templates int, shared string) []byte {
		return []byte(`{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","spec":{` + shared +
			`,"templates":[` + strings.Repeat(`{"container":{"name":"a"}},`, templates-1) + `{"container":{"name":"a"}}]}}`)
	}
	list := func(item string, n int) string { return `[` + strings.Repeat(item+`,`, n-1) + item + `]` }
	workflow := func(templates, volumes int) []byte {
		return sharing(templates, `"volumes":`+list(`{"name":"a"}`, volumes))
	}
	reader := newTestReader(t, Options{Extra: true})
	item := reader.ReadObject(workflow(256, 256))
	if item.Err != nil || len(item.Templates) != 256 {
		t.Fatalf("%d templates: %v", len(item.Templates), item.Err)
	}
	first, last := &item.Templates[0], &item.Templates[255]
	if len(last.Pod.Volumes) != 256 || &first.Pod.Volumes[0] != &last.Pod.Volumes[0] || &first.Extra.Volumes[0] != &last.Extra.Volumes[0] {
		t.Errorf("templates have volumes of their own")
	}
	if got := last.FullPath("spec.volumes[255]"); got != "spec.volumes[255]" {
		t.Errorf("the last volume is at %s", got)
	}
	for _, shared := range []string{
		`"volumes":` + list(`{"name":"a"}`, 100_000),
		`"securityContext":{"sysctls":` + list(`{"name":"a"}`, 100_000) + `}`,
		`"securityContext":{"supplementalGroups":` + list(`1`, 100_000) + `}`,
	} {
		start := time.Now()
		item = reader.ReadObject(sharing(100_000, shared))
		if took := time.Since(start); item.Outcome != Broken || len(item.Templates) > 0 || took > longest ||
			item.Err.Error() != "its pods share more volumes, sysctls, groups or annotations than can be judged with each of them: state fewer, or split it" {
			t.Errorf("%.30s…: outcome %d in %v: %v", shared, item.Outcome, took, item.Err)
		}
	}
	if item = reader.ReadObject(workflow(8000, 8)); item.Err != nil || len(item.Templates) != 8000 {
		t.Errorf("%d templates that share little: %v", len(item.Templates), item.Err)
	}
}

func TestAKeyThatComesTwiceInAPieceOfAPodIsAnError(t *testing.T) {
	t.Parallel()
	const workflow = `{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","spec":{"templates":[{%s}]}}`
	for want, template := range map[string]string{
		`duplicate key "annotations" at spec.templates[0].metadata`:      `"container":{},"metadata":{"annotations":{"a":"b"},"annotations":{"c":"d"}}`,
		`duplicate key "containers" at spec.templates[0].containerSet`:   `"containerSet":{"containers":[{}],"volumeMounts":[],"containers":[{}]}`,
		`duplicate key "containerSet" at spec.templates[0]`:              `"containerSet":{"containers":[{}]},"containerSet":{}`,
		`duplicate key "privileged" at spec.templates[0].container.sec…`: `"container":{"securityContext":{"privileged":true,"privileged":false}}`,
	} {
		item := newTestReader(t, Options{}).ReadObject([]byte(strings.Replace(workflow, "%s", template, 1)))
		begin, _, _ := strings.Cut(want, "…")
		if item.Outcome != Broken || !strings.Contains(item.Err.Error(), begin) || len(item.Templates) > 0 {
			t.Errorf("%s: got %v, %v, want %s", template, item.Outcome, item.Err, want)
		}
	}
}

func TestOfAnObjectThatStatesTooManyPodsNoneIsRead(t *testing.T) {
	t.Parallel()
	list := func(n int) string {
		return `{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","spec":{"templates":[{"container":{}}` + strings.Repeat(`,{"container":{}}`, n-1) + `]}}`
	}
	replicas := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"%x":{"template":{"spec":{}}}`, i)
		}
		return `{"apiVersion":"kubeflow.org/v1","kind":"TFJob","spec":{"tfReplicaSpecs":{` + b.String()[1:] + `}}}`
	}
	for name, text := range map[string]func(int) string{"in a list": list, "in a map": replicas} {
		if item := newTestReader(t, Options{}).ReadObject([]byte(text(maxTemplates))); item.Outcome != Read || len(item.Templates) != maxTemplates {
			t.Errorf("as many as are read, %s: %v, %v, %d pods", name, item.Outcome, item.Err, len(item.Templates))
		}
		item := newTestReader(t, Options{}).ReadObject([]byte(text(maxTemplates + 1)))
		if item.Outcome != Broken || !strings.Contains(item.Err.Error(), "it states more than 8192 pods: split it") || len(item.Templates) > 0 {
			t.Errorf("one more, %s: %v, %v, %d pods", name, item.Outcome, item.Err, len(item.Templates))
		}
	}
}
