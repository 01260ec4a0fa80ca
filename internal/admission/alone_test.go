package admission

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/workload"
)

// debugged is a pod with a privileged container that mounts the node's root, fields
// of its spec, and ephemeral containers.
func debugged(fields, ephemeral string) string {
	return `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","annotations":{"container.apparmor.security.beta.kubernetes.io/web":"unconfined"}},"spec":{` + fields + `
		"volumes":[{"name":"root","hostPath":{"path":"/"}},{"name":"data","emptyDir":{}}],
		"initContainers":[{"name":"i","image":"i"}],
		"containers":[{"name":"web","image":"i","securityContext":{"privileged":true},"volumeMounts":[{"name":"root","mountPath":"/host"}]}],
		"ephemeralContainers":[` + ephemeral + `]}}`
}

func TestEphemeralContainersAreJudgedAlone(t *testing.T) {
	t.Parallel()
	const (
		worse   = `{"name":"worse","image":"i","securityContext":{"privileged":true}}`
		debug   = `{"name":"debug","image":"i","targetContainerName":"i","volumeMounts":[{"name":"data","mountPath":"/data"}]}`
		mounts  = `{"name":"debug","image":"i","volumeMounts":[{"name":"root","mountPath":"/host"}]}`
		targets = `{"name":"debug","image":"i","targetContainerName":"web"}`
		warning = `ephemeral container "debug" sees the processes of container "web", which is privileged`
		user    = `"securityContext":{"seLinuxOptions":{"type":"spc_t"}},`
		sysctl  = `"securityContext":{"sysctls":[{"name":"kernel.msgmax","value":"1"}]},`
	)
	for _, c := range []struct {
		name              string
		old, now          string
		sub, refused, say string // refused is part of the message
	}{
		{"a compliant one joins an old pod", debugged("", ""), debugged("", debug), "", "", ""},
		{"one joins another that is not compliant", debugged("", worse), debugged("", worse+","+debug), "", "", ""},
		{"one that is not compliant", debugged("", debug), debugged("", debug+","+worse), "", `privileged (container "worse" must not set securityContext.privileged=true)`, ""},
		{"one that is not compliant under the name of another", debugged("", debug), debugged("", strings.Replace(worse, `"worse","image":"i"`, `"debug","image":"j"`, 1)), "", `privileged (container "debug"`, ""},
		{"one that has become so with the same image", debugged("", debug), debugged("", strings.Replace(worse, "worse", "debug", 1)+`,{"name":"more","image":"i"}`), "", `privileged (container "debug"`, ""},
		{"into a pod with the PIDs of the node", debugged(`"hostPID":true,`, ""), debugged(`"hostPID":true,`, debug), "", "host namespaces (hostPID=true)", ""},
		{"into a pod with the network of the node", debugged(`"hostNetwork":true,`, ""), debugged(`"hostNetwork":true,`, debug), "", "host namespaces (hostNetwork=true)", ""},
		{"into a pod with a type of SELinux", debugged(user, ""), debugged(user, debug), "", `seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "spc_t")`, ""},
		{"into a pod with sysctls", debugged(sysctl, ""), debugged(sysctl, debug), "", "sysctls", ""},
		{"one that mounts the node", debugged("", ""), debugged("", mounts), "", `hostPath volumes (volume "root")`, ""},
		{"one that sees a privileged container", debugged("", ""), debugged("", targets), "", "", warning},
		{"one that saw it before", debugged("", targets), debugged("", targets+`,{"name":"more","image":"i"}`), "", "", ""},
		{"beside another image", debugged("", ""), strings.Replace(debugged("", debug), `"name":"web","image":"i"`, `"name":"web","image":"j"`, 1), "", "privileged", ""},
		{"beside another container", debugged("", ""), strings.Replace(debugged("", debug), `"initContainers":[`, `"initContainers":[{"name":"x","image":"i"},`, 1), "", "privileged", ""},
		{"by another subresource", debugged("", ""), debugged("", debug), "resize", "privileged", ""},
		{"none comes", debugged("", debug), debugged("", ""), "", "", ""},
	} {
		for _, alone := range []bool{true, false} {
			controller := newWorld().controller(t)
			controller.setPodGuards(asking(PodGuarding{Alone: alone}))
			sub := c.sub
			if sub == "" {
				sub = ephemeralContainers
			}
			d := controller.Decide(t.Context(), pod(Update, "enforcing", c.now, old(c.old), subresource(sub)))
			refused := c.refused
			if !alone && c.name != "none comes" {
				refused = "privileged"
			}
			if d.Allowed != (refused == "") || !strings.Contains(d.Message, refused) || alone && slices.Contains(d.Warnings, c.say) != (c.say != "") {
				t.Errorf("%s, alone %t: allowed %t, %s, warnings %q", c.name, alone, d.Allowed, d.Message, d.Warnings)
			}
			if alone && c.sub == "" && c.refused != "" && !strings.Contains(c.name, "beside") && strings.Contains(d.Message, `"web"`) {
				t.Errorf("%s: it is told of another container: %s", c.name, d.Message)
			}
		}
	}
}

func TestWhatEphemeralContainersShareStaysInItsPlace(t *testing.T) {
	t.Parallel()
	c := newWorld().controller(t)
	now, err := read(c.whole, unread{raw: []byte(debugged(`"hostUsers":false,"os":{"name":"linux"},`, `{"name":"a","image":"i"},{"name":"b","image":"j","volumeMounts":[{"name":"data","mountPath":"/d"}]}`))})
	if err != nil {
		t.Fatal(err)
	}
	before, err := read(c.whole, unread{raw: []byte(debugged(`"hostUsers":false,"os":{"name":"linux"},`, `{"name":"a","image":"i"}`))})
	if err != nil {
		t.Fatal(err)
	}
	got := alone(now.template, before.template)
	p, x := &got.Pod, got.Extra
	if len(p.Containers) != 1 || p.Containers[0].Name != "b" || p.Containers[0].Index != 1 || len(x.Containers) != 1 || x.Containers[0].Image != "j" ||
		len(p.Volumes) != 1 || p.Volumes[0].Name != "data" || len(x.Volumes) != 1 || len(p.Annotations) != 0 || !p.HostUsers.Is(false) || p.OS != "linux" {
		t.Errorf("%+v with %+v", p, x)
	}
	if len(now.template.Pod.Containers) != 4 || len(now.template.Extra.Volumes) != 2 || len(now.template.Pod.Annotations) != 1 {
		t.Error("the pod itself has changed")
	}
}

func TestOneEphemeralContainerMoreTakesTimeByTheirNumber(t *testing.T) {
	t.Parallel()
	list := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `{"name":"%06d","image":"i","targetContainerName":"gone"},`, i)
		}
		return b.String()
	}
	c := newWorld().controller(t)
	template := func(object string) *workload.Template {
		o, err := read(c.whole, unread{raw: []byte(object)})
		if err != nil {
			t.Fatal(err)
		}
		return o.template
	}
	growsWithItsSize(t, 100, func(size int) func() {
		object, before := debugged("", list(size)+`{"name":"new","image":"i"}`), debugged("", list(size)+`{"name":"gone","image":"i"}`)
		now, old := template(object), template(before)
		return func() {
			if got := alone(now, old).Pod.Containers; len(got) != 1 || got[0].Name != "new" {
				t.Errorf("%d containers", len(got))
			}
		}
	})
	growsWithItsSize(t, 500, func(size int) func() {
		object := debugged("", list(size)+`{"name":"new","image":"i"}`)
		r, now, old := review{req: Request{Object: []byte(object)}}, template(object), template(debugged("", ""))
		return func() {
			if told := r.targets(now, old); len(told) > 0 {
				t.Errorf("told of %q", told)
			}
		}
	})
}
