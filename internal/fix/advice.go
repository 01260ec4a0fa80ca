package fix

import (
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// What a person should look at before pods with a change are let loose.
const (
	reviewNonRoot = "a program that starts as root does not start any more: the image's USER, or runAsUser, has to be a number other than 0"
	reviewDropAll = "a program that uses a capability fails where it does (chown, setuid, ports below 1024, ping): " +
		"try it; of all of them only NET_BIND_SERVICE may be added back"
	reviewStated = "somebody has stated otherwise: find out why before it is rolled out"
)

// advice says what to do about what no field can make up for.
func advice(id pss.ID, f pss.Finding) string {
	const or = "; what cannot do without it needs an exception, or a namespace of its own at the privileged level"
	switch id {
	case "hostNamespaces":
		return "reach the node's services through the API or a Service, and remove it" + or
	case "hostPathVolumes", "restrictedVolumes":
		if f.Value.String() == "hostPath" {
			return "use emptyDir for scratch space, a PersistentVolumeClaim for data, or a CSI driver" + or
		}
		return "use a PersistentVolumeClaim, or another type that is allowed" + or
	case "hostPorts":
		return "remove hostPort, and let a Service or an ingress lead to the port" + or
	case "windowsHostProcess":
		return "run the program in a container that is no HostProcess" + or
	}
	return f.Fix
}

// leftOf returns a finding that is left.
func leftOf(t *workload.Template, id pss.ID, f pss.Finding, why Reason, advice string) Left {
	l := Left{Control: id, Path: t.FullPath(f.Path()), Container: f.Container, Value: f.Value.Any(), Reason: why, Advice: advice}
	l.Line, l.Column = t.Position(f.Path())
	return l
}
