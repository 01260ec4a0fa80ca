package workload

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/pss"
)

// readJSON reads one object as if it came from an API server, or from people.
func readJSON(t *testing.T, opts Options, text string, fromFile bool) Item {
	t.Helper()
	r, err := NewReader(opts)
	if err != nil {
		t.Fatal(err)
	}
	if fromFile {
		return r.readObject([]byte(text), typeMeta{}, Source{}, &document{}, new(uniqueKeys))
	}
	return r.ReadObject([]byte(text))
}

// podOf reads a pod and demands that it can be read.
func podOf(t *testing.T, opts Options, text string) Template {
	t.Helper()
	item := readJSON(t, opts, text, false)
	if item.Outcome != Read || len(item.Templates) != 1 || item.Err != nil {
		t.Fatalf("%s\nis not read: %+v", text, item)
	}
	return item.Templates[0]
}

// specOf reads a Pod with the spec, from an API server.
func specOf(t *testing.T, spec string) pss.Pod {
	t.Helper()
	return podOf(t, Options{Stored: true}, `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":`+spec+`}`).Pod
}

const everything = `{
 "kind": "Pod", "apiVersion": "v1",
 "metadata": {"name": "p", "annotations": {
  "seccomp.security.alpha.kubernetes.io/pod": "unconfined",
  "other": "x", "kubernetes.io/psp": "permissive",
  "container.seccomp.security.alpha.kubernetes.io/b": "docker/default",
  "container.apparmor.security.beta.kubernetes.io/zz": null,
  "container.apparmor.security.beta.kubernetes.io/a": "localhost/x"
 }},
 "spec": {
  "os": {"name": "linux"}, "hostUsers": false, "hostNetwork": true, "hostPID": true, "hostIPC": true,
  "runtimeClassName": "gvisor", "serviceAccountName": "sa", "serviceAccount": "other", "automountServiceAccountToken": false,
  "shareProcessNamespace": true, "resources": {"requests": {"cpu": 3}, "limits": {"cpu": "1500m", "memory": 7}}, "hostAliases": [{"ip": "1.2.3.4"}, {}],
  "ephemeralContainers": [{"name": "e", "image": "busybox", "targetContainerName": "b", "ports": [{"containerPort": 9}]}],
  "containers": [
   {"name": "b", "image": "b:1", "ports": [{"containerPort": 80}, {"containerPort": 81, "hostPort": 8081, "protocol": "UDP"}, {}],
    "resources": {"limits": {"cpu": 2, "memory": "1Gi", "x": 1}, "requests": {"cpu": "1"}},
    "volumeMounts": [{"name": "v", "mountPath": "/v", "readOnly": true}],
    "lifecycle": {"preStop": {"tcpSocket": {"host": "j"}, "httpGet": {"host": "i"}}, "postStart": {"tcpSocket": {"host": "h"}, "httpGet": {"host": "g"}}},
    "startupProbe": {"tcpSocket": {"host": "f"}, "httpGet": {"host": "e"}},
    "readinessProbe": {"tcpSocket": {"host": "d"}, "httpGet": {"host": "c", "httpHeaders": [{"name": "Host", "value": "x"}]}},
    "livenessProbe": {"tcpSocket": {"host": "b"}, "httpGet": {"host": "a"}},
    "securityContext": {
     "runAsNonRoot": false, "runAsUser": 0, "runAsGroup": 1, "seccompProfile": {"type": "Localhost", "localhostProfile": "s"},
     "appArmorProfile": {"type": "Localhost", "localhostProfile": "aa"}, "seLinuxOptions": {"type": "t", "user": "u", "role": "r", "level": "l"},
     "windowsOptions": {"hostProcess": true}, "privileged": true, "allowPrivilegeEscalation": true, "procMount": "Unmasked",
     "readOnlyRootFilesystem": true, "capabilities": {"add": ["NET_ADMIN", null], "drop": ["ALL"]}}},
   null
  ],
  "initContainers": [{"name": "i", "restartPolicy": "Always", "ports": [{"containerPort": 1, "hostPort": 2}]}],
  "volumes": [{"name": "v", "hostPath": {"path": "/etc"}}, {"csi": {"driver": "d"}, "name": "c"}, {"name": "f", "flexVolume": {"driver": "x/y"}}, {"name": "i", "image": {"reference": "r"}}, {"name": "two", "emptyDir": {}, "secret": {}}, null],
  "securityContext": {
   "runAsNonRoot": true, "runAsUser": 1000, "runAsGroup": 2, "fsGroup": 3, "supplementalGroups": [4, null, 5],
   "seccompProfile": {}, "appArmorProfile": {"type": "Unconfined"}, "seLinuxOptions": {"level": "s0"}, "windowsOptions": {},
   "sysctls": [{"name": "a", "value": "1"}, {}, null]}
 },
 "status": {"phase": "Running"}
}`

func TestEveryFieldOfAPodIsRead(t *testing.T) {
	t.Parallel()
	want := pss.Pod{
		Annotations: []pss.Annotation{
			{Key: pss.AppArmorAnnotationPrefix + "a", Value: "localhost/x"},
			{Key: pss.AppArmorAnnotationPrefix + "zz"},
			{Key: pss.SeccompContainerAnnotationPrefix + "b", Value: "docker/default"},
			{Key: pss.SeccompPodAnnotation, Value: "unconfined"},
		},
		OS: "linux", HostUsers: pss.Some(false), HostNetwork: true, HostPID: true, HostIPC: true,
		SecurityContext: pss.SecurityContext{
			RunAsNonRoot: pss.Some(true), RunAsUser: pss.Some(int64(1000)), SeccompProfile: pss.Some(""), AppArmorProfile: pss.Some("Unconfined"),
		},
		Sysctls: []string{"a", "", ""},
		Volumes: []pss.Volume{
			{Name: "v", Sources: pss.VolumeHostPath}, {Name: "c", Sources: pss.VolumeCSI}, {Name: "f", Sources: pss.VolumeFlexVolume},
			{Name: "i", Sources: pss.VolumeImage}, {Name: "two", Sources: pss.VolumeEmptyDir | pss.VolumeSecret}, {},
		},
		Containers: []pss.Container{
			{Name: "i", Kind: pss.InitContainer, HostPorts: []pss.HostPort{{Index: 0, Port: 2}}},
			{
				Name: "b", Kind: pss.RegularContainer,
				SecurityContext: pss.SecurityContext{
					RunAsNonRoot: pss.Some(false), RunAsUser: pss.Some(int64(0)), SeccompProfile: pss.Some("Localhost"),
					AppArmorProfile: pss.Some("Localhost"), SELinux: pss.SELinuxOptions{Type: "t", User: "u", Role: "r"}, HostProcess: pss.Some(true),
				},
				Privileged: pss.Some(true), AllowPrivilegeEscalation: pss.Some(true), ProcMount: pss.Some("Unmasked"),
				AddedCapabilities: []string{"NET_ADMIN", ""}, DroppedCapabilities: []string{"ALL"},
				HostPorts: []pss.HostPort{{Index: 1, Port: 8081}},
				Hosts: []pss.Host{
					{Field: pss.LivenessHTTP, Value: "a"}, {Field: pss.LivenessTCP, Value: "b"}, {Field: pss.ReadinessHTTP, Value: "c"},
					{Field: pss.ReadinessTCP, Value: "d"}, {Field: pss.StartupHTTP, Value: "e"}, {Field: pss.StartupTCP, Value: "f"},
					{Field: pss.PostStartHTTP, Value: "g"}, {Field: pss.PostStartTCP, Value: "h"}, {Field: pss.PreStopHTTP, Value: "i"},
					{Field: pss.PreStopTCP, Value: "j"},
				},
			},
			{Kind: pss.RegularContainer, Index: 1},
			{Name: "e", Kind: pss.EphemeralContainer},
		},
	}
	extra := &Extra{
		PodSecurityPolicy: "permissive",
		ServiceAccount:    "sa", AutomountServiceAccountToken: pss.Some(false), ShareProcessNamespace: pss.Some(true), HostAliases: 2,
		SecurityContext: SecurityContextExtra{RunAsGroup: pss.Some(int64(2)), SELinux: true, SELinuxLevel: "s0"},
		FSGroup:         pss.Some(int64(3)), SupplementalGroups: []int64{4, 0, 5},
		CPULimit: pss.Some("1500m"), MemoryLimit: pss.Some("7"),
		Volumes: []VolumeExtra{{HostPath: "/etc"}, {CSIDriver: "d"}, {FlexVolumeDriver: "x/y"}, {Image: "r"}, {}, {}},
		Containers: []ContainerExtra{
			{Ports: []ContainerPort{{ContainerPort: 1, HostPort: 2}}},
			{
				Image: "b:1", ReadOnlyRootFilesystem: pss.Some(true), CPULimit: pss.Some("2"), MemoryLimit: pss.Some("1Gi"),
				SecurityContext: SecurityContextExtra{
					RunAsGroup: pss.Some(int64(1)), SeccompLocalhost: pss.Some("s"), AppArmorLocalhost: pss.Some("aa"), SELinux: true, SELinuxLevel: "l",
				},
				VolumeMounts: []VolumeMount{{Name: "v", MountPath: "/v", ReadOnly: true}},
				Ports:        []ContainerPort{{ContainerPort: 80}, {ContainerPort: 81, HostPort: 8081, Protocol: "UDP"}, {}},
			},
			{},
			{Image: "busybox", Ports: []ContainerPort{{ContainerPort: 9}}},
		},
	}
	for _, opts := range []Options{{Stored: true}, {Stored: true, Extra: true}} {
		got := podOf(t, opts, everything)
		if diff := cmp.Diff(want, got.Pod); diff != "" {
			t.Errorf("the view with %+v (-want +got):\n%s", opts, diff)
		}
		if got.RuntimeClass != "gvisor" || got.Path != "" || got.Partial {
			t.Errorf("template: %+v", got)
		}
		wantExtra := extra
		if !opts.Extra {
			wantExtra = nil
		}
		if diff := cmp.Diff(wantExtra, got.Extra); diff != "" {
			t.Errorf("the extra view (-want +got):\n%s", diff)
		}
	}
}

func TestTheOrderOfKeysDoesNotMatter(t *testing.T) {
	t.Parallel()
	want := podOf(t, Options{Extra: true}, everything)
	body, rest, _ := strings.Cut(strings.TrimPrefix(everything, `{
 "kind": "Pod", "apiVersion": "v1",`), `"status"`)
	_ = rest
	late := "{" + body + `"kind": "Pod", "apiVersion": "v1"}`
	got := podOf(t, Options{Extra: true}, late)
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Template{}, renames{})); diff != "" {
		t.Errorf("with the type at the end (-want +got):\n%s", diff)
	}
}

func TestNullMeansNotSet(t *testing.T) {
	t.Parallel()
	got := specOf(t, `{"os":null,"hostUsers":null,"hostNetwork":null,"hostPID":null,"hostIPC":null,"runtimeClassName":null,
	 "initContainers":null,"ephemeralContainers":null,"securityContext":null,
	 "volumes":[{"name":null,"hostPath":null,"secret":{}}],
	 "containers":[{"name":null,"ports":null,"livenessProbe":null,"lifecycle":{"preStop":null,"postStart":{"httpGet":null,"tcpSocket":{"host":null}}},
	  "securityContext":{"runAsNonRoot":null,"runAsUser":null,"seccompProfile":null,"appArmorProfile":null,"seLinuxOptions":null,"windowsOptions":null,
	   "privileged":null,"allowPrivilegeEscalation":null,"procMount":null,"capabilities":{"add":null,"drop":[]}}},
	  {"ports":[null,{"hostPort":null}],"securityContext":{"windowsOptions":{"hostProcess":null},"capabilities":null,"seLinuxOptions":{"type":null}}}]}`)
	want := pss.Pod{
		Volumes:    []pss.Volume{{Sources: pss.VolumeSecret}},
		Containers: []pss.Container{{Kind: pss.RegularContainer}, {Kind: pss.RegularContainer, Index: 1}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestKeysAreUnescapedBeforeTheyAreCompared(t *testing.T) {
	t.Parallel()
	got := specOf(t, `{"host\u004eetwork":true,"conta\u0069ners":[{"n\u0061me":"\u0041\ud83d\ude00"}]}`)
	if !got.HostNetwork || len(got.Containers) != 1 || got.Containers[0].Name != "A😀" {
		t.Errorf("got %+v", got)
	}
}

func TestOneCapabilityListDoesNotWriteIntoAnother(t *testing.T) {
	t.Parallel()
	got := specOf(t, `{"containers":[{"securityContext":{"capabilities":{"drop":["ALL"],"add":["A","B"]}}},{"securityContext":{"capabilities":{"drop":["C","D","E"]}}}]}`)
	first := append(got.Containers[0].DroppedCapabilities, "X")
	if len(first) != 2 || got.Containers[0].AddedCapabilities[0] != "A" || got.Containers[1].DroppedCapabilities[0] != "C" {
		t.Errorf("got %+v", got.Containers)
	}
}

func TestVolumes(t *testing.T) {
	t.Parallel()
	fields := 0
	for _, key := range volumeKeys {
		if key == "name" {
			continue
		}
		fields++
		got := specOf(t, `{"volumes":[{"name":"v","`+key+`":{"x":1}}]}`)
		if source := pss.VolumeSource(key); source == 0 || got.Volumes[0].Sources != source {
			t.Errorf("%s: got %v, want %v", key, got.Volumes[0].Sources, source)
		}
	}
	if fields != 30 {
		t.Errorf("%d kinds of source, want 30", fields)
	}
	for spec, want := range map[string]pss.VolumeSources{
		`{"name":"v"}`:                      pss.VolumeEmptyDir,
		`{"name":"v","hostPath":null}`:      pss.VolumeEmptyDir,
		`null`:                              pss.VolumeEmptyDir,
		`{"name":"v","newDisk":{}}`:         0,
		`{"name":"v","newDisk":null}`:       pss.VolumeEmptyDir,
		`{"name":"v","newDisk":1,"nfs":{}}`: pss.VolumeNFS,
	} {
		for _, text := range []string{
			`{"apiVersion":"v1","kind":"Pod","spec":{"volumes":[` + spec + `]}}`,
			`{"apiVersion":"apps/v1","kind":"Deployment","spec":{"template":{"spec":{"volumes":[` + spec + `]}}}}`,
		} {
			if got := podOf(t, Options{}, text).Pod.Volumes[0].Sources; got != want {
				t.Errorf("%s: got %v, want %v", text, got, want)
			}
		}
		stored := want &^ pss.VolumeEmptyDir
		if got := specOf(t, `{"volumes":[`+spec+`]}`).Volumes[0].Sources; got != stored {
			t.Errorf("stored, %s: got %v, want %v", spec, got, stored)
		}
	}
}

func TestWhatIsWrongWithAPodIsSaidInOneLine(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]string{
		`{"hostNetwork":"yes"}`:                                                    `spec.hostNetwork: expected a boolean, found a string`,
		`{"hostUsers":1}`:                                                          `spec.hostUsers: expected a boolean, found a number`,
		`{"containers":{}}`:                                                        `spec.containers: expected a list, found an object`,
		`{"containers":[{},"x"]}`:                                                  `spec.containers[1]: expected an object, found a string`,
		`{"containers":[{"name":5}]}`:                                              `spec.containers[0].name: expected a string, found a number`,
		`{"containers":[{"ports":[{"hostPort":"80"}]}]}`:                           `spec.containers[0].ports[0].hostPort: expected a whole number, found a string`,
		`{"containers":[{"ports":[{"hostPort":2147483648}]}]}`:                     `spec.containers[0].ports[0].hostPort: 2147483648 is out of range, it must fit 32 bits`,
		`{"containers":[{"ports":[{"containerPort":8e1}]}]}`:                       `spec.containers[0].ports[0].containerPort: expected a whole number without fraction or exponent, found 8e1`,
		`{"securityContext":{"runAsUser":9223372036854775808}}`:                    `spec.securityContext.runAsUser: 9223372036854775808 is out of range, it must fit 64 bits`,
		`{"securityContext":{"runAsUser":0.0}}`:                                    `spec.securityContext.runAsUser: expected a whole number without fraction or exponent, found 0.0`,
		`{"securityContext":{"sysctls":[[]]}}`:                                     `spec.securityContext.sysctls[0]: expected an object, found a list`,
		`{"securityContext":{"seccompProfile":"RuntimeDefault"}}`:                  `spec.securityContext.seccompProfile: expected an object, found a string`,
		`{"containers":[{"securityContext":{"capabilities":[]}}]}`:                 `spec.containers[0].securityContext.capabilities: expected an object, found a list`,
		`{"containers":[{"securityContext":{"capabilities":{"add":["A",true]}}}]}`: `spec.containers[0].securityContext.capabilities.add[1]: expected a string, found a boolean`,
		`{"volumes":[{"hostPath":"/etc"}]}`:                                        `spec.volumes[0].hostPath: expected an object, found a string`,
		`{"containers":[{"livenessProbe":{"httpGet":{"host":1}}}]}`:                `spec.containers[0].livenessProbe.httpGet.host: expected a string, found a number`,
		`{"Containers":[]}`:                                                        `unknown field "Containers" at spec (did you mean "containers"?)`,
		`{"hostpid":true}`:                                                         `unknown field "hostpid" at spec (did you mean "hostPID"?)`,
		`{"containers":[{"SecurityContext":{}}]}`:                                  `unknown field "SecurityContext" at spec.containers[0] (did you mean "securityContext"?)`,
		`{"containers":[{"securityContext":{"Privileged":true}}]}`:                 `unknown field "Privileged" at spec.containers[0].securityContext (did you mean "privileged"?)`,
		`{"volumes":[{"hostpath":{}}]}`:                                            `unknown field "hostpath" at spec.volumes[0] (did you mean "hostPath"?)`,
		`{"securityContext":{"RunAsNonRoot":true}}`:                                `unknown field "RunAsNonRoot" at spec.securityContext (did you mean "runAsNonRoot"?)`,
		`{"containers":[],"containers":[]}`:                                        `duplicate key "containers" at spec`,
		`{"containers":[],"conta\u0069ners":[]}`:                                   `duplicate key "containers" at spec`,
		`{"containers":[{"name":"a"},{"name":"a","name":"b"}]}`:                    `duplicate key "name" at spec.containers[1]`,
		`{"volumes":[{"secret":null,"secret":{}}]}`:                                `duplicate key "secret" at spec.volumes[0]`,
		`[]`:   `spec: expected an object, found a list`,
		`null`: `spec is missing`,
	} {
		item := readJSON(t, Options{}, `{"apiVersion":"v1","kind":"Pod","spec":`+spec+`}`, false)
		if item.Outcome != Broken || item.Err == nil || item.Err.Error() != want || item.Templates != nil {
			t.Errorf("%s\n got %v\nwant %s", spec, item.Err, want)
		}
	}
}

func TestEveryInterpretedKeyMayComeOnlyOnce(t *testing.T) {
	t.Parallel()
	spec := everything[strings.Index(everything, `"spec":`):]
	s := scanner{data: []byte(everything)}
	s.pos = len(everything) - len(spec) + len(`"spec": `)
	checked := 0
	// Every key of an object gets a double behind it, one after another.
	var visit func(s *scanner)
	visit = func(s *scanner) {
		switch s.peek() {
		case '{':
			for more := s.object(); more; more = s.nextMember() {
				key := string(s.key())
				start := s.keyAt
				value := scanner{data: s.data, pos: s.pos}
				s.skip()
				if slices.Contains([]string{"x", "value", "ip", "httpHeaders", "targetContainerName", "restartPolicy", "requests"}, key) {
					continue // nobody reads them
				}
				visit(&value)
				member := everything[start:s.pos]
				text := everything[:s.pos] + "," + member + everything[s.pos:]
				checked++
				item := readJSON(t, Options{Extra: true}, text, false)
				if item.Outcome != Broken || !strings.HasPrefix(item.Err.Error(), "duplicate key") {
					t.Errorf("a second %q passes: %v", member, item.Err)
				}
			}
		case '[':
			for more := s.list(); more; more = s.nextItem() {
				value := scanner{data: s.data, pos: s.pos}
				visit(&value)
				s.skip()
			}
		}
	}
	visit(&s)
	if checked < 80 {
		t.Errorf("only %d keys were tried", checked)
	}
}

func TestDuplicateKeysThatNobodyReads(t *testing.T) {
	t.Parallel()
	const text = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","labels":{"a":"1","a":"2"}},"spec":{"containers":[{"name":"c","env":[{"name":"A","name":"B"}]}]}}`
	if item := readJSON(t, Options{}, text, false); item.Outcome != Read {
		t.Errorf("from an API server they are not looked for: %v", item.Err)
	}
	item := readJSON(t, Options{}, text, true)
	if item.Outcome != Broken || item.Err.Error() != `duplicate key "a" at metadata.labels` {
		t.Errorf("in a file: %v", item.Err)
	}
}
