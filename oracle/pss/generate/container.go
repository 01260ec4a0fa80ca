package generate

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// container makes a container of any kind; required says that it has to hold
// what restricted requires of pod or container.
func (g *Generator) container(required bool) corev1.Container {
	c := corev1.Container{Name: g.name()}
	c.Ports = g.ports()
	if g.chance(30) {
		c.LivenessProbe = g.probe()
		c.ReadinessProbe = g.probe()
		c.StartupProbe = g.probe()
	}
	if g.chance(20) {
		c.Lifecycle = &corev1.Lifecycle{PostStart: g.lifecycleHandler(), PreStop: g.lifecycleHandler()}
	}
	c.SecurityContext = g.securityContext(required)
	g.ignoredOfContainer(&c)
	return c
}

func (g *Generator) securityContext(required bool) *corev1.SecurityContext {
	if g.violatesRestricted() && g.chance(30) {
		return nil
	}
	var sc corev1.SecurityContext
	if g.violatesBaseline() {
		sc.Privileged = pointer(true)
	} else {
		sc.Privileged = pick(g, nil, nil, pointer(false))
	}
	if g.violatesRestricted() {
		sc.AllowPrivilegeEscalation = pick(g, nil, pointer(true))
	} else {
		sc.AllowPrivilegeEscalation = pointer(false)
	}
	if g.violatesBaseline() {
		sc.ProcMount = pointer(corev1.ProcMountType(g.oneOf("Unmasked", "", "default", "Masked")))
	} else {
		sc.ProcMount = pick(g, nil, nil, pointer(corev1.DefaultProcMount))
	}
	sc.Capabilities = g.capabilities()
	sc.RunAsNonRoot = g.runAsNonRoot(required)
	sc.RunAsUser = g.runAsUser()
	sc.SeccompProfile = g.seccompProfile(required)
	sc.AppArmorProfile = g.appArmorProfile()
	sc.SELinuxOptions = g.seLinux()
	sc.WindowsOptions = g.windowsOptions()
	if g.chance(20) {
		sc.ReadOnlyRootFilesystem = optional(g, true, false)
		sc.RunAsGroup = optional(g, int64(0), 3000)
	}
	return &sc
}

func (g *Generator) capabilities() *corev1.Capabilities {
	if g.violatesRestricted() && g.chance(30) {
		return pick(g, nil, &corev1.Capabilities{})
	}
	var c corev1.Capabilities
	if g.violatesRestricted() {
		c.Drop = pick(g, nil, []corev1.Capability{}, []corev1.Capability{"all"}, []corev1.Capability{"NET_RAW"}, []corev1.Capability{"ALL "})
	} else {
		c.Drop = pick(g, []corev1.Capability{"ALL"}, []corev1.Capability{"NET_RAW", "ALL"}, []corev1.Capability{"ALL", "ALL"})
	}
	for range pick(g, 0, 0, 0, 1, 2) {
		name := "NET_BIND_SERVICE"
		switch {
		case g.violatesBaseline():
			name = g.oneOf("SYS_ADMIN", "ALL", "NET_RAW", "chown", "CAP_CHOWN", "NET_ADMIN", "SYS_ADMIN", "net_bind_service")
		case g.violatesRestricted():
			name = pick(g, "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "SETFCAP", "SETGID", "SETPCAP",
				"SETUID", "SYS_CHROOT")
		}
		c.Add = append(c.Add, corev1.Capability(name))
	}
	return &c
}

func (g *Generator) ports() []corev1.ContainerPort {
	if g.chance(50) {
		return nil
	}
	ports := make([]corev1.ContainerPort, g.IntN(4))
	for i := range ports {
		ports[i] = corev1.ContainerPort{ContainerPort: pick[int32](g, 80, 8080, 443, 9, 0), Name: pick(g, "", "http")}
		ports[i].Protocol = pick(g, "", corev1.ProtocolTCP, corev1.ProtocolUDP)
		if g.violatesBaseline() {
			ports[i].HostPort = pick[int32](g, 80, 8080, 9, 10250, 443, -1, 1<<31-1, -1<<31)
		}
		if g.chance(10) {
			ports[i].HostIP = "127.0.0.1"
		}
	}
	return ports
}

func (g *Generator) host() string {
	if g.violatesBaseline() {
		return g.oneOf("127.0.0.1", "localhost", "::1", "example.com", "169.254.169.254", " ")
	}
	return ""
}

func (g *Generator) httpGet() *corev1.HTTPGetAction {
	a := &corev1.HTTPGetAction{Host: g.host(), Path: "/healthz", Port: pick(g, intstr.FromInt32(80), intstr.FromString("http"))}
	if g.chance(20) {
		a.HTTPHeaders = []corev1.HTTPHeader{{Name: "Host", Value: g.oneOf("localhost")}}
		a.Scheme = corev1.URISchemeHTTPS
	}
	return a
}

func (g *Generator) tcpSocket() *corev1.TCPSocketAction {
	return &corev1.TCPSocketAction{Host: g.host(), Port: intstr.FromInt32(80)}
}

func (g *Generator) probe() *corev1.Probe {
	if g.chance(40) {
		return nil
	}
	p := &corev1.Probe{PeriodSeconds: pick[int32](g, 0, 10), TerminationGracePeriodSeconds: optional(g, int64(1))}
	switch g.IntN(6) {
	case 0:
		p.Exec = &corev1.ExecAction{Command: []string{"true"}}
	case 1:
		p.GRPC = &corev1.GRPCAction{Port: 1, Service: optional(g, "localhost")}
	case 2:
		p.TCPSocket = g.tcpSocket()
	case 3:
		p.HTTPGet, p.TCPSocket = g.httpGet(), g.tcpSocket()
	default:
		p.HTTPGet = g.httpGet()
	}
	return p
}

func (g *Generator) lifecycleHandler() *corev1.LifecycleHandler {
	if g.chance(40) {
		return nil
	}
	h := &corev1.LifecycleHandler{}
	switch g.IntN(5) {
	case 0:
		h.Exec = &corev1.ExecAction{Command: []string{"sh", "-c", g.text()}}
	case 1:
		h.Sleep = &corev1.SleepAction{Seconds: 1}
	case 2:
		h.TCPSocket = g.tcpSocket()
	case 3:
		h.HTTPGet, h.TCPSocket = g.httpGet(), g.tcpSocket()
	default:
		h.HTTPGet = g.httpGet()
	}
	return h
}
