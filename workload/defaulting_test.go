package workload

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/pss"
)

func TestHostPortsOfPodsOnTheHostNetwork(t *testing.T) {
	t.Parallel()
	const spec = `{"ephemeralContainers":[{"ports":[{"containerPort":1}]}],"containers":[{"ports":[{"containerPort":80},{"containerPort":81,"hostPort":8},{},{"hostPort":9}]}],
	 "initContainers":[{"ports":[{"containerPort":2}]}],"hostNetwork":true}`
	stated := []pss.HostPort{{Index: 1, Port: 8}, {Index: 3, Port: 9}}
	defaulted := []pss.HostPort{{Index: 0, Port: 80}, {Index: 1, Port: 8}, {Index: 3, Port: 9}}
	for name, c := range map[string]struct {
		opts      Options
		text      string
		init, all []pss.HostPort
	}{
		"a Pod of a file":            {Options{}, `{"apiVersion":"v1","kind":"Pod","spec":` + spec + `}`, []pss.HostPort{{Port: 2}}, defaulted},
		"a Pod without host network": {Options{}, `{"apiVersion":"v1","kind":"Pod","spec":` + strings.Replace(spec, "true", "false", 1) + `}`, nil, stated},
		"a stored Pod":               {Options{Stored: true}, `{"apiVersion":"v1","kind":"Pod","spec":` + spec + `}`, nil, stated},
		"a Deployment":               {Options{}, `{"apiVersion":"apps/v1","kind":"Deployment","spec":{"template":{"spec":` + spec + `}}}`, nil, stated},
	} {
		got := podOf(t, c.opts, c.text).Pod.Containers
		if diff := cmp.Diff([][]pss.HostPort{c.init, c.all, nil}, [][]pss.HostPort{got[0].HostPorts, got[1].HostPorts, got[2].HostPorts}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestAppArmorAnnotationsBecomeFields(t *testing.T) {
	t.Parallel()
	unset := pss.Opt[string]{}
	for name, c := range map[string]struct {
		value, pod, container, os string
		want                      pss.Opt[string]
	}{
		"unconfined":                          {value: "unconfined", want: pss.Some("Unconfined")},
		"runtime/default":                     {value: "runtime/default", want: pss.Some("RuntimeDefault")},
		"localhost":                           {value: "localhost/x", want: pss.Some("Localhost")},
		"an empty value":                      {value: ""},
		"another value":                       {value: "docker/default"},
		"localhost without a name":            {value: "localhost/"},
		"localhost with a space in front":     {value: "localhost/ x"},
		"localhost with a space behind":       {value: "localhost/x\u00a0"},
		"localhost, longest name":             {value: "localhost/" + strings.Repeat("x", 4095), want: pss.Some("Localhost")},
		"localhost, name too long":            {value: "localhost/" + strings.Repeat("x", 4096)},
		"a field that is set":                 {value: "unconfined", container: `{"type":"RuntimeDefault"}`, want: pss.Some("RuntimeDefault")},
		"a field without a type":              {value: "unconfined", container: `{}`, want: pss.Some("")},
		"the pod's own type":                  {value: "runtime/default", pod: `{"type":"RuntimeDefault"}`},
		"another than the pod's":              {value: "unconfined", pod: `{"type":"RuntimeDefault"}`, want: pss.Some("Unconfined")},
		"the pod's own localhost profile":     {value: "localhost/x", pod: `{"type":"Localhost","localhostProfile":"x"}`},
		"another localhost profile":           {value: "localhost/x", pod: `{"type":"Localhost","localhostProfile":"y"}`, want: pss.Some("Localhost")},
		"the pod's type with a stray profile": {value: "unconfined", pod: `{"localhostProfile":"y","type":"Unconfined"}`, want: pss.Some("Unconfined")},
		"Windows":                             {value: "unconfined", os: "windows"},
		"Linux":                               {value: "unconfined", os: "linux", want: pss.Some("Unconfined")},
	} {
		field := `null`
		if c.container != "" {
			field = c.container
		}
		pod := `null`
		if c.pod != "" {
			pod = c.pod
		}
		body := `"metadata":{"annotations":{"container.apparmor.security.beta.kubernetes.io/c":"` + c.value + `","container.apparmor.security.beta.kubernetes.io/ghost":"unconfined"}},
		 "spec":{"os":{"name":"` + c.os + `"},"securityContext":{"appArmorProfile":` + pod + `},
		 "ephemeralContainers":[{"name":"c","securityContext":{"appArmorProfile":` + field + `}}],
		 "initContainers":[{"name":"other"}],"containers":[{"name":"c","securityContext":{"appArmorProfile":` + field + `}}]}`
		stored := unset
		if c.container != "" {
			stored = c.want
		}
		for _, read := range []struct {
			opts Options
			text string
			want pss.Opt[string]
		}{
			{Options{Extra: true}, `{"apiVersion":"v1","kind":"Pod",` + body + `}`, c.want},
			{Options{Stored: true}, `{"apiVersion":"v1","kind":"Pod",` + body + `}`, stored},
			{Options{}, `{"apiVersion":"v1","kind":"PodTemplate","template":{` + body + `}}`, stored},
		} {
			template := podOf(t, read.opts, read.text)
			containers := template.Pod.Containers
			if containers[1].SecurityContext.AppArmorProfile != read.want || containers[2].SecurityContext.AppArmorProfile != read.want ||
				containers[0].SecurityContext.AppArmorProfile.Set || len(template.Pod.Annotations) != 2 {
				t.Errorf("%s, %+v: got %+v, want %+v", name, read.opts, containers[1].SecurityContext.AppArmorProfile, read.want)
			}
			if read.opts.Extra && read.want.Is("Localhost") {
				if got := template.Extra.Containers[1].SecurityContext.AppArmorLocalhost.Value; "localhost/"+got != c.value {
					t.Errorf("%s: the profile is %q", name, got)
				}
			}
		}
	}
}
