package pss

import "testing"

func TestAppArmorProfile(t *testing.T) {
	t.Parallel()
	profile := func(name, profile string) Container {
		return Container{Name: name, SecurityContext: SecurityContext{AppArmorProfile: Some(profile)}}
	}
	const key = AppArmorAnnotationPrefix
	testControl(t, "appArmorProfile", []controlCase{
		{
			name: "confining profiles are fine",
			pod: Pod{
				SecurityContext: SecurityContext{AppArmorProfile: Some("RuntimeDefault")},
				Containers:      containers(profile("a", "Localhost"), Container{Name: "b"}),
				Annotations:     []Annotation{{key + "a", ""}, {key + "b", "runtime/default"}, {key + "c", "localhost/x"}},
			},
		},
		{
			name:     "a profile without a type",
			pod:      Pod{SecurityContext: SecurityContext{AppArmorProfile: Some("")}},
			want:     `forbidden AppArmor profile (pod must not set AppArmor profile type to "")`,
			findings: []string{"spec.securityContext.appArmorProfile.type="},
		},
		{
			name: "pod, containers and annotations of containers that do not exist",
			pod: Pod{
				SecurityContext: SecurityContext{AppArmorProfile: Some("Unconfined")},
				Containers:      containers(profile("a", "Unconfined"), profile("b", "X")),
				Annotations:     []Annotation{{key + "a", "unconfined"}, {key + "zz", `q"`}},
			},
			want: `forbidden AppArmor profiles (pod and containers "a", "b" and annotations must not set AppArmor profile type to ` +
				`"Unconfined", "X", "` + key + `a="unconfined"", "` + key + `zz="q\""")`,
			findings: []string{
				"spec.securityContext.appArmorProfile.type=Unconfined", "spec.containers[0].securityContext.appArmorProfile.type=Unconfined",
				"spec.containers[1].securityContext.appArmorProfile.type=X",
				`metadata.annotations["` + key + `a"]=unconfined`, `metadata.annotations["` + key + `zz"]=q"`,
			},
		},
		{
			name:     "an annotation alone",
			pod:      Pod{Annotations: []Annotation{{key + "a", "unconfined"}, {"other/a", "unconfined"}}},
			want:     `forbidden AppArmor profile (annotation must not set AppArmor profile type to "` + key + `a="unconfined"")`,
			findings: []string{`metadata.annotations["` + key + `a"]=unconfined`},
		},
	})
}
