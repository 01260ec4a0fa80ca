package cluster

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	apiresource "k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/snapshot"
	"github.com/gabion-security/gabion/workload"
)

// secret stands in every text of an object that a snapshot must not keep.
const secret = "must-not-be-kept"

// kept are the places of texts that a snapshot keeps, in an object whose lists
// have one item each and whose maps have one key.
var kept = regexp.MustCompile(`^(` + strings.Join([]string{
	`\w+:ObjectMeta\.(Name|Namespace)`,
	`(Pod|Namespace):ObjectMeta\.Labels\.(key|value)`,
	templates + `\.ObjectMeta\.Labels\.(key|value)`,
	workloads + `ObjectMeta\.OwnerReferences\[\]\.(APIVersion|Kind|Name)`,
	podSpecs + `\.(OS\.Name|RuntimeClassName|ServiceAccountName)`,
	podSpecs + `\.SecurityContext\.Sysctls\[\]\.Name`,
	podSpecs + `\.(` + containers + `\.)?SecurityContext\.(SELinuxOptions\.\w+|(SeccompProfile|AppArmorProfile)\.(Type|LocalhostProfile))`,
	podSpecs + `\.Volumes\[\]\.(Name|VolumeSource\.(HostPath\.Path|FlexVolume\.Driver|CSI\.Driver|Image\.Reference))`,
	podSpecs + `\.` + containers + `\.(Name|Image|Ports\[\]\.Protocol|VolumeMounts\[\]\.(Name|MountPath))`,
	podSpecs + `\.` + containers + `\.SecurityContext\.(ProcMount|Capabilities\.(Add|Drop)\[\])`,
	podSpecs + `\.` + containers + `\.(Liveness|Readiness|Startup)Probe\.ProbeHandler\.(HTTPGet|TCPSocket)\.Host`,
	podSpecs + `\.` + containers + `\.Lifecycle\.(PostStart|PreStop)\.(HTTPGet|TCPSocket)\.Host`,
	`\w*Role(Binding)?:(ObjectMeta\.Labels\.(key|value)|(Rules\[\]|AggregationRule|Subjects\[\]|RoleRef)\..*)`,
}, "|") + `)$`)

const (
	workloads  = `(Pod|PodTemplate|ReplicationController|DaemonSet|Deployment|ReplicaSet|StatefulSet|CronJob|Job):`
	templates  = workloads + `(Spec\.|Spec\.JobTemplate\.Spec\.)?Template`
	podSpecs   = `(Pod:Spec|` + templates + `\.Spec)`
	containers = `((Init)?Containers\[\]|EphemeralContainers\[\]\.EphemeralContainerCommon)`
)

// fillWith gives everything in an object a value: every list one item, every
// pointer something to point to, and every text what of says.
func fillWith(v reflect.Value, path string, of func(path string) string, depth int) {
	join := func(name string) string { return strings.Replace(path+"."+name, ":.", ":", 1) }
	switch {
	case depth == 0 || v.Type() == reflect.TypeFor[metav1.Time]() || v.Type() == reflect.TypeFor[metav1.TypeMeta]():
	case v.Type() == reflect.TypeFor[apiresource.Quantity]():
		v.Set(reflect.ValueOf(apiresource.MustParse("1")))
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillWith(v.Elem(), path, of, depth-1)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fillWith(v.Field(i), join(v.Type().Field(i).Name), of, depth-1)
			}
		}
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		v.SetBytes([]byte(`"` + secret + `"`))
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fillWith(v.Index(0), path+"[]", of, depth-1)
	case v.Kind() == reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fillWith(key, join("key"), of, depth-1)
		fillWith(value, join("value"), of, depth-1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case v.Kind() == reflect.String:
		v.SetString(of(path))
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	}
}

// filled returns an object of which every text that must not be kept is the
// secret, and the number of those that may be.
func filled(o any, kind string) (texts int) {
	fillWith(reflect.ValueOf(o).Elem(), kind+":", func(path string) string {
		if kept.MatchString(path) {
			texts++
			return fmt.Sprintf("kept-%d", texts)
		}
		return secret
	}, 20)
	return texts
}

// snapshotText returns what a snapshot of a writer holds.
func snapshotText(t *testing.T, w *snapshot.Writer) string {
	t.Helper()
	var file bytes.Buffer
	if _, err := w.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	zip, err := gzip.NewReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// notKept are the texts of an object that its snapshot was to keep and did not.
func notKept(text string, texts int) (missing []int) {
	for i := 1; i <= texts; i++ {
		if !regexp.MustCompile(fmt.Sprintf(`kept-%d\b`, i)).MatchString(text) {
			missing = append(missing, i)
		}
	}
	return missing
}

func TestASnapshotKeepsWhatItShouldAndNothingElse(t *testing.T) {
	t.Parallel()
	for _, kind := range append(workloadKinds(), namespaceKind()) {
		t.Run(kind.kind, func(t *testing.T) {
			t.Parallel()
			list := kind.newList()
			items, err := meta.GetItemsPtr(list)
			if err != nil {
				t.Fatal(err)
			}
			whole := reflect.New(reflect.TypeOf(items).Elem().Elem())
			texts := filled(whole.Interface(), kind.kind)
			o, ok := whole.Interface().(runtime.Object)
			if !ok {
				t.Fatalf("%T is no object", whole.Interface())
			}
			var w snapshot.Writer
			l := lister{ListOptions: ListOptions{Extra: true}, rest: &w.Rest, add: w.Add}
			if err := l.object(kind, o); err != nil {
				t.Fatal(err)
			}
			text := snapshotText(t, &w)
			if strings.Contains(text, secret) {
				t.Errorf("the snapshot keeps what it must not: %s", text)
			}
			if missing := notKept(text, texts); texts < 3 || len(missing) > 0 {
				t.Errorf("%d of %d texts that were to be kept are not: %v\n%s", len(missing), texts, missing, text)
			}
		})
	}
}

func TestASnapshotKeepsNothingOfWhoMayDoWhatButThat(t *testing.T) {
	t.Parallel()
	var w snapshot.Writer
	l := lister{rest: &w.Rest, add: w.Add}
	for kind, o := range map[string]runtime.Object{
		"ServiceAccount": new(corev1.ServiceAccount), "ClusterRole": new(rbacv1.ClusterRole), "Role": new(rbacv1.Role),
		"ClusterRoleBinding": new(rbacv1.ClusterRoleBinding), "RoleBinding": new(rbacv1.RoleBinding),
	} {
		filled(o, kind)
		if err := l.grant(o); err != nil {
			t.Fatal(err)
		}
	}
	policy, err := inventory.PrunePolicy([]byte(`{"metadata":{"name":"p","labels":{"a":"` + secret + `"},"annotations":{"a":"` + secret +
		`"},"managedFields":["` + secret + `"]},"spec":{"volumes":["secret"],"` + secret + `":"` + secret + `"},"status":"` + secret + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	w.Rest.PodSecurityPolicies = append(w.Rest.PodSecurityPolicies, policy)
	if text := snapshotText(t, &w); strings.Contains(text, secret) || strings.Count(text, "\n") != 7 {
		t.Errorf("got %s", text)
	}
}

func TestASnapshotKeepsNothingOfACustomResourceButItsPods(t *testing.T) {
	t.Parallel()
	var template corev1.PodTemplateSpec
	fillWith(reflect.ValueOf(&template).Elem(), "Deployment:Spec.Template", func(path string) string {
		if kept.MatchString(path) {
			return "kept"
		}
		return secret
	}, 20)
	text, err := json.Marshal(template)
	if err != nil {
		t.Fatal(err)
	}
	object := fmt.Sprintf(`{"apiVersion":"example.com/v1","kind":"Thing","%[1]s":"%[1]s",
		"metadata":{"name":"n","namespace":"ns","uid":"%[1]s","labels":{"%[1]s":"%[1]s"},"annotations":{"%[1]s":"%[1]s"},"managedFields":["%[1]s"]},
		"spec":{"%[1]s":{"%[1]s":["%[1]s"]},"template":%[2]s,"more":["%[1]s"]},"status":{"%[1]s":"%[1]s"}}`, secret, text)
	broken := strings.Replace(object, `"hostPID":true`, `"hostPID":"`+secret+`"`, 1)
	hidden := strings.Replace(object, `"kind":"Thing"`, `"kind":"Riddle"`, 1)
	reader, err := workload.NewReader(workload.Options{Extra: true, Paths: []workload.TemplatePath{{Group: "example.com", Kind: "Thing", Path: "spec.template"}}})
	if err != nil {
		t.Fatal(err)
	}
	var w snapshot.Writer
	l := lister{ListOptions: ListOptions{Extra: true}, rest: &w.Rest, add: w.Add}
	var outcomes []workload.Outcome
	for _, text := range []string{object, broken, hidden} {
		item := reader.ReadObject([]byte(text))
		outcomes = append(outcomes, item.Outcome)
		l.custom(&item)
	}
	if want := []workload.Outcome{workload.Read, workload.Broken, workload.NotChecked}; !slices.Equal(outcomes, want) {
		t.Fatalf("got outcomes %v, want %v", outcomes, want)
	}
	if text := snapshotText(t, &w); strings.Contains(text, secret) || !strings.Contains(text, "kept") {
		t.Errorf("got %s", text)
	}
}
