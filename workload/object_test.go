package workload

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/pss"
)

func TestBuiltinKinds(t *testing.T) {
	t.Parallel()
	const template = `{"metadata":{"annotations":{"seccomp.security.alpha.kubernetes.io/pod":"t"}},"spec":{"hostPID":true}}`
	wrap := map[string]string{
		"template":                       `"template":` + template,
		"spec.template":                  `"spec":{"replicas":1,"template":` + template + `}`,
		"spec.jobTemplate.spec.template": `"spec":{"jobTemplate":{"metadata":{},"spec":{"template":` + template + `}}}`,
		"":                               template[1 : len(template)-1],
	}
	for _, row := range builtinKinds() {
		for _, version := range row.versions {
			apiVersion := strings.TrimPrefix(row.group+"/"+version, "/")
			for _, text := range []string{
				`{"apiVersion":"` + apiVersion + `","kind":"` + row.kind + `",` + wrap[row.path] + `}`,
				`{` + wrap[row.path] + `,"apiVersion":"` + apiVersion + `","kind":"` + row.kind + `"}`,
			} {
				item := readJSON(t, Options{}, text, true)
				if item.Outcome != Read || len(item.Templates) != 1 {
					t.Fatalf("%s: %+v", text, item)
				}
				got := item.Templates[0]
				want := pss.Pod{HostPID: true, Annotations: []pss.Annotation{{Key: pss.SeccompPodAnnotation, Value: "t"}}}
				if diff := cmp.Diff(want, got.Pod); diff != "" || got.Path != row.path || got.Partial || got.doc == nil {
					t.Errorf("%s: template %q\n%s", text, got.Path, diff)
				}
				if item.Object.Kind != row.kind || item.Object.APIVersion != apiVersion || !item.Kubernetes {
					t.Errorf("%s: %+v", text, item.Object)
				}
			}
		}
	}
	if len(builtinKinds()) < 9 {
		t.Error("fewer than nine kinds")
	}
}

func TestObjectsWithoutAPodToJudge(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text       string
		outcome    Outcome
		kubernetes bool
		message    string
	}{
		"a ConfigMap":                       {`{"apiVersion":"v1","kind":"ConfigMap","data":{"a":"containers"}}`, PassedOver, true, ""},
		"no Kubernetes at all":              {`{"name":"x","kindness":1}`, PassedOver, false, ""},
		"an empty object":                   {`{}`, PassedOver, false, ""},
		"values that are shaped like a pod": {`{"spec":{"containers":[{"name":"c"}]}}`, PassedOver, false, ""},
		"no Kubernetes, odd metadata":       {`{"metadata":"x","spec":5,"Kind":1}`, PassedOver, false, ""},
		"a List without items":              {`{"apiVersion":"v1","kind":"List"}`, Broken, true, "items is missing"},
		"a typed list without items":        {`{"apiVersion":"apps/v1","kind":"DeploymentList","pods":[]}`, Broken, true, "items is missing"},
		"a list of what is not known":       {`{"apiVersion":"x.io/v1","kind":"ThingList","metadata":{}}`, Broken, true, "items is missing"},
		"a List with misspelt items":        {`{"apiVersion":"v1","kind":"List","Items":[]}`, Broken, true, `unknown field "Items" at the top (did you mean "items"?)`},
		"both type keys in another case":    {`{"ApiVersion":"v1","Kind":"Pod","spec":{}}`, Broken, false, `unknown field "Kind" at the top (did you mean "kind"?)`},
		"a kind in another case, alone":     {`{"KIND":"Pod","spec":{}}`, Broken, false, `unknown field "KIND" at the top (did you mean "kind"?)`},
		"an apiVersion in another case":     {`{"apiversion":"v1","spec":{}}`, Broken, false, `unknown field "apiversion" at the top (did you mean "apiVersion"?)`},
		"a Namespace with odd labels":       {`{"apiVersion":"v1","kind":"Namespace","metadata":{"labels":{"a":"b","x":5}}}`, Broken, true, "metadata.labels.x: expected a string, found a number"},
		"usage of nodes":                    {`{"apiVersion":"metrics.k8s.io/v1beta1","kind":"NodeMetrics","usage":{}}`, PassedOver, true, ""},
		"another kind of the metrics group": {`{"apiVersion":"metrics.k8s.io/v1","kind":"Deployment","spec":{"template":{"spec":{"containers":[{"name":"c"}]}}}}`, NotChecked, true, "the kind is not known, and it holds what looks like a pod template"},
		"a typed list":                      {`{"apiVersion":"v1","kind":"PodList","items":[]}`, Broken, true, "a PodList stands where one object is expected"},
		"a kind that only ends in List":     {`{"apiVersion":"x.io/v1","kind":"AllowList","spec":{}}`, PassedOver, true, ""},
		"no kind":                           {`{"apiVersion":"v1","spec":{}}`, Broken, true, "kind is missing"},
		"no apiVersion":                     {`{"kind":"Pod","spec":{}}`, Broken, true, "apiVersion is missing"},
		"a misspelt apiVersion":             {`{"apiversion":"v1","kind":"Pod","spec":{}}`, Broken, true, "apiVersion is missing"},
		"an empty kind":                     {`{"apiVersion":"v1","kind":""}`, Broken, true, "kind is empty"},
		"a null kind":                       {`{"apiVersion":"v1","kind":null}`, Broken, true, "kind is empty"},
		"an empty apiVersion":               {`{"apiVersion":"","kind":"Pod"}`, Broken, true, "apiVersion is empty"},
		"a kind that is a number":           {`{"apiVersion":"v1","kind":5}`, Broken, false, "kind: expected a string, found a number"},
		"an apiVersion that is a list":      {`{"apiVersion":[],"kind":"Pod"}`, Broken, false, "apiVersion: expected a string, found a list"},
		"an apiVersion with two slashes":    {`{"apiVersion":"a/b/c","kind":"Pod"}`, Broken, true, `apiVersion "a/b/c" is none, it must be group/version or, in the core group, version`},
		"an apiVersion without a version":   {`{"apiVersion":"apps/","kind":"Deployment"}`, Broken, true, `apiVersion "apps/" is none, it must be group/version or, in the core group, version`},
		"a version nobody knows":            {`{"apiVersion":"apps/v9","kind":"Deployment","spec":{"template":{"spec":{}}}}`, Broken, true, `unknown apiVersion "apps/v9" of kind Deployment`},
		"a Pod of version 2":                {`{"apiVersion":"v2","kind":"Pod","spec":{}}`, Broken, true, `unknown apiVersion "v2" of kind Pod`},
		"a Pod of another group":            {`{"apiVersion":"foo.io/v1","kind":"Pod","spec":{}}`, PassedOver, true, ""},
		"a Deployment of the core group":    {`{"apiVersion":"v1","kind":"Deployment","spec":{}}`, PassedOver, true, ""},
		"a kind in another case":            {`{"apiVersion":"v1","kind":"pod","spec":{"containers":[{"image":"x"}]}}`, NotChecked, true, "the kind is not known, and it holds what looks like a pod template"},
		"a Pod without a spec":              {`{"apiVersion":"v1","kind":"Pod","metadata":{}}`, Broken, true, "spec is missing"},
		"a Pod with a misspelt spec":        {`{"apiVersion":"v1","kind":"Pod","Spec":{}}`, Broken, true, `unknown field "Spec" at the top (did you mean "spec"?)`},
		"a Deployment without a spec":       {`{"apiVersion":"apps/v1","kind":"Deployment"}`, Broken, true, "spec.template is missing"},
		"a Deployment without a template":   {`{"apiVersion":"apps/v1","kind":"Deployment","spec":{}}`, Broken, true, "spec.template is missing"},
		"a Deployment with a null template": {`{"apiVersion":"apps/v1","kind":"Deployment","spec":{"template":null}}`, Broken, true, "spec.template is missing"},
		"a template without a spec":         {`{"apiVersion":"apps/v1","kind":"Deployment","spec":{"template":{"metadata":{}}}}`, Broken, true, "spec.template.spec is missing"},
		"a misspelt template":               {`{"apiVersion":"apps/v1","kind":"Deployment","spec":{"Template":{"spec":{}}}}`, Broken, true, `unknown field "Template" at spec (did you mean "template"?)`},
		"a CronJob without a job template":  {`{"apiVersion":"batch/v1","kind":"CronJob","spec":{}}`, Broken, true, "spec.jobTemplate.spec.template is missing"},
		"a PodTemplate without a template":  {`{"apiVersion":"v1","kind":"PodTemplate"}`, Broken, true, "template is missing"},
		"a spec given twice":                {`{"spec":{},"apiVersion":"v1","kind":"Pod","spec":{}}`, Broken, true, `duplicate key "spec" at the top`},
		"a template given twice":            {`{"template":{"spec":{}},"apiVersion":"v1","kind":"PodTemplate","template":{"spec":{}}}`, Broken, true, `duplicate key "template" at the top`},
		"a list":                            {`[]`, Broken, false, "expected an object, found a list"},
		"two objects":                       {`{"apiVersion":"v1","kind":"Pod","spec":{}}{}`, Broken, true, "invalid JSON: expected nothing after the object, found '{'"},
		"an object that is cut off":         {`{"apiVersion":"v1","kind":"Pod","spec":{`, Broken, true, "the JSON ends too early: expected a key in double quotes"},
		"usage of pods that run":            {`{"apiVersion":"metrics.k8s.io/v1beta1","kind":"PodMetrics","containers":[{"name":"c","usage":{}}]}`, PassedOver, true, ""},
		"metadata that is a string":         {`{"apiVersion":"v1","kind":"Pod","metadata":"x","spec":{}}`, Broken, true, "metadata: expected an object, found a string"},
		"metadata, early, that is a string": {`{"metadata":"x","apiVersion":"v1","kind":"Pod","spec":{}}`, Broken, true, "metadata: expected an object, found a string"},
	} {
		item := readJSON(t, Options{}, c.text, false)
		message := item.Reason
		if item.Err != nil {
			message = item.Err.Error()
		}
		if item.Outcome != c.outcome || message != c.message || item.Kubernetes != c.kubernetes || item.Templates != nil || item.Labels != nil {
			t.Errorf("%s: got %v, %q, Kubernetes %v, want %v, %q, %v", name, item.Outcome, message, item.Kubernetes, c.outcome, c.message, c.kubernetes)
		}
		var syntax *syntaxError
		if item.Outcome == Broken && (!errors.As(item.Err, &syntax) || syntax.offset < 0 || syntax.offset > len(c.text)) {
			t.Errorf("%s: an error without an offset", name)
		}
	}
}

func TestWhatAnObjectIsCalled(t *testing.T) {
	t.Parallel()
	for metadata, want := range map[string]Object{
		`{"name":"n","namespace":"ns","generateName":"g-"}`: {Name: "n", Namespace: "ns"},
		`{"generateName":"g-","name":"n"}`:                  {Name: "n"},
		`{"generateName":"g-"}`:                             {Name: "g-"},
		`{"generateName":"g-","name":""}`:                   {Name: "g-"},
		`{"name":null}`:                                     {},
		`null`:                                              {},
	} {
		want.APIVersion, want.Kind = "v1", "Secret"
		for _, text := range []string{
			`{"apiVersion":"v1","kind":"Secret","metadata":` + metadata + `}`,
			`{"metadata":` + metadata + `,"apiVersion":"v1","kind":"Secret"}`,
		} {
			if got := readJSON(t, Options{}, text, false).Object; got != want {
				t.Errorf("%s: got %+v", text, got)
			}
		}
	}
}

func TestANamespaceWithoutANameHasNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"apiVersion":"v1","kind":"Namespace","metadata":{"generateName":"default","labels":{"a":"b"}}}`,
		`{"metadata":{"generateName":"default","labels":{"a":"b"}},"apiVersion":"v1","kind":"Namespace"}`,
	} {
		if item := readJSON(t, Options{}, text, false); item.Object.Name != "" || item.Labels["a"] != "b" {
			t.Errorf("%s: got %+v", text, item)
		}
	}
}

func TestLabelsOfNamespacesAndControllers(t *testing.T) {
	t.Parallel()
	item := readJSON(t, Options{}, `{"metadata":{"labels":{"a":"b","c":null},"name":"ns"},"apiVersion":"v1","kind":"Namespace"}`, false)
	if diff := cmp.Diff(map[string]string{"a": "b", "c": ""}, item.Labels); diff != "" || item.Outcome != PassedOver {
		t.Errorf("labels: %+v\n%s", item, diff)
	}
	if item := readJSON(t, Options{}, `{"apiVersion":"v1","kind":"Namespace"}`, false); item.Labels == nil || len(item.Labels) != 0 {
		t.Errorf("no labels: %+v", item.Labels)
	}
	if item := readJSON(t, Options{}, `{"apiVersion":"v1","kind":"Namespace","metadata":{"labels":{"a":true}}}`, false); item.Outcome != Broken ||
		item.Err.Error() != "metadata.labels.a: expected a string, found a boolean" {
		t.Errorf("a label that is no string: %+v", item)
	}
	if item := readJSON(t, Options{}, `{"apiVersion":"v1","kind":"Namespace","metadata":{"labels":{"a":"1","a":"2"}}}`, false); item.Outcome != Broken {
		t.Errorf("a label given twice: %+v", item)
	}
	item = readJSON(t, Options{}, `{"apiVersion":"v1","kind":"Pod","spec":{},"metadata":{"labels":{"a":1},"ownerReferences":[
	 {"apiVersion":"x/v1","kind":"X","name":"x","uid":"1"},{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"rs","uid":"2","controller":true}]}}`, false)
	if want := (Owner{"apps/v1", "ReplicaSet", "rs", "2"}); item.Controller != want || item.Labels != nil || item.Outcome != Read {
		t.Errorf("controller: %+v, %v", item.Controller, item.Err)
	}
}

func TestItemsOfATypedListInheritTheirType(t *testing.T) {
	t.Parallel()
	r, err := NewReader(Options{})
	if err != nil {
		t.Fatal(err)
	}
	inherit := typeMeta{apiVersion: "v1", kind: "Pod"}
	item := r.readObject([]byte(`{"metadata":{"name":"p","annotations":{"seccomp.security.alpha.kubernetes.io/pod":"x"}},"spec":{"hostIPC":true}}`), inherit, Source{Item: 3}, nil, nil)
	if item.Outcome != Read || !item.Templates[0].Pod.HostIPC || len(item.Templates[0].Pod.Annotations) != 1 || item.Source.Item != 3 ||
		item.Object != (Object{APIVersion: "v1", Kind: "Pod", Name: "p"}) {
		t.Errorf("got %+v", item)
	}
	item = r.readObject([]byte(`{"apiVersion":"v1","kind":"Secret"}`), inherit, Source{}, nil, nil)
	if item.Object.Kind != "Secret" {
		t.Errorf("its own type wins: %+v", item)
	}
}

func TestMisspeltKeysOfTheObjectItselfMatterInPodsOnly(t *testing.T) {
	t.Parallel()
	if item := readJSON(t, Options{}, `{"apiVersion":"v1","kind":"ConfigMap","Spec":{}}`, false); item.Outcome != PassedOver {
		t.Errorf("got %+v", item)
	}
}
