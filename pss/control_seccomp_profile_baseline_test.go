package pss

import "testing"

func TestSeccompProfileBaseline(t *testing.T) {
	t.Parallel()
	seccomp := func(s string) SecurityContext { return SecurityContext{SeccompProfile: Some(s)} }
	const pod, container = SeccompPodAnnotation, SeccompContainerAnnotationPrefix
	annotations := []Annotation{{container + "a", "unconfined"}, {container + "other", "unconfined"}, {pod, ""}}
	testControl(t, "seccompProfile_baseline", []controlCase{
		{name: "unset and confined", pod: Pod{SecurityContext: seccomp("Localhost"), Containers: containers(Container{Name: "a"}, Container{Name: "b", SecurityContext: seccomp("RuntimeDefault")})}},
		{
			name: "fields since v1.19", version: V1(19),
			pod:  Pod{Annotations: annotations, SecurityContext: seccomp("Unconfined"), Containers: containers(Container{Name: "a", SecurityContext: seccomp("")})},
			want: `seccompProfile (pod and container "a" must not set securityContext.seccompProfile.type to "", "Unconfined")`,
			findings: []string{
				"spec.securityContext.seccompProfile.type=Unconfined", "spec.containers[0].securityContext.seccompProfile.type=",
			},
		},
		{
			name: "annotations of containers that exist until v1.18", version: V1(18),
			pod:      Pod{Annotations: annotations, SecurityContext: seccomp("Unconfined"), Containers: containers(Container{Name: "a"}, Container{Name: "a"})},
			want:     `seccompProfile (forbidden annotations ` + container + `a="unconfined", ` + pod + `="")`,
			findings: []string{`metadata.annotations["` + pod + `"]=`, `metadata.annotations["` + container + `a"]=unconfined`, `metadata.annotations["` + container + `a"]=unconfined`},
		},
		{
			name: "confining annotations", version: V1(0),
			pod: Pod{Annotations: []Annotation{{container + "a", "docker/default"}, {container + "b", "localhost/x"}, {pod, "runtime/default"}},
				Containers: containers(Container{Name: "a"}, Container{Name: "b"})},
		},
		{name: "overridden at restricted since v1.19", level: Restricted, pod: Pod{SecurityContext: seccomp("Unconfined")}},
	})
}
