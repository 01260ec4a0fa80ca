package workload

import "github.com/gabion-security/gabion/pss"

var (
	containerKeys = []string{
		"name", "securityContext", "ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle",
	}
	portKeys      = []string{"hostPort", "containerPort"}
	handlerKeys   = []string{"httpGet", "tcpSocket"}
	hostKey       = []string{"host"}
	lifecycleKeys = []string{"postStart", "preStop"}
)

// hosts are the hosts of one container, by pss.HostField.
type hosts [pss.PreStopTCP + 1]string

// container reads a Container or EphemeralContainer; x is nil unless the extra
// view is wanted. A null is a container without anything.
func (r *reading) container(p *podReading, c *pss.Container, x *ContainerExtra) {
	var seen uint32
	var hosts hosts
	probed := false
	for more := r.object(); more; more = r.nextMember() {
		key := r.key()
		switch string(key) {
		case "name":
			r.once(&seen, 0)
			c.Name = r.text()
		case "securityContext":
			r.once(&seen, 1)
			r.containerContext(c, x)
		case "ports":
			r.once(&seen, 2)
			r.ports(p, c, x)
		case "livenessProbe":
			r.once(&seen, 3)
			probed = true
			r.handler(&hosts, pss.LivenessHTTP, pss.LivenessTCP)
		case "readinessProbe":
			r.once(&seen, 4)
			probed = true
			r.handler(&hosts, pss.ReadinessHTTP, pss.ReadinessTCP)
		case "startupProbe":
			r.once(&seen, 5)
			probed = true
			r.handler(&hosts, pss.StartupHTTP, pss.StartupTCP)
		case "lifecycle":
			r.once(&seen, 6)
			probed = true
			r.lifecycle(&hosts)
		default:
			r.containerExtra(key, &seen, x)
		}
	}
	if !probed {
		return
	}
	for field, host := range hosts {
		if host != "" {
			c.Hosts = append(c.Hosts, pss.Host{Field: pss.HostField(field), Value: host})
		}
	}
}

// containerExtra reads the fields that are only in the extra view.
func (r *reading) containerExtra(key []byte, seen *uint32, x *ContainerExtra) {
	switch string(key) {
	case "image":
		if x == nil {
			r.skip()
			return
		}
		r.once(seen, 7)
		x.Image = r.text()
	case "resources":
		if x == nil {
			r.skip()
			return
		}
		r.once(seen, 8)
		r.resources(&x.CPULimit, &x.MemoryLimit)
	case "volumeMounts":
		if x == nil {
			r.skip()
			return
		}
		r.once(seen, 9)
		for more := r.list(); more; more = r.nextItem() {
			x.VolumeMounts = append(x.VolumeMounts, r.volumeMount())
		}
	case "env", "args", "command", "imagePullPolicy", "terminationMessagePath", "terminationMessagePolicy", "envFrom",
		"workingDir", "restartPolicy", "resizePolicy", "tty", "stdin", "stdinOnce", "volumeDevices", "targetContainerName":
		r.skip()
	default:
		r.other(key, containerKeys)
	}
}

// ports reads a container's ports. What they open on the node is known only
// once the pod's hostNetwork is.
func (r *reading) ports(p *podReading, c *pss.Container, x *ContainerExtra) {
	index := 0
	for more := r.list(); more; more = r.nextItem() {
		port := statedPort{kind: c.Kind, container: c.Index, index: index}
		protocol := ""
		var seen uint32
		for more := r.object(); more; more = r.nextMember() {
			switch key := r.key(); string(key) {
			case "hostPort":
				r.once(&seen, 0)
				port.hostPort = r.int32()
			case "containerPort":
				r.once(&seen, 1)
				port.containerPort = r.int32()
			case "protocol":
				r.once(&seen, 2)
				if x == nil {
					r.skip()
					break
				}
				protocol = r.text()
			default:
				r.other(key, portKeys)
			}
		}
		if port.hostPort != 0 || port.containerPort != 0 && !r.stored {
			p.ports = append(p.ports, port)
		}
		if x != nil {
			x.Ports = append(x.Ports, ContainerPort{port.containerPort, port.hostPort, protocol})
		}
		index++
	}
}

// lifecycle reads the hosts of lifecycle handlers.
func (r *reading) lifecycle(hosts *hosts) {
	var seen uint32
	for more := r.object(); more; more = r.nextMember() {
		switch key := r.key(); string(key) {
		case "postStart":
			r.once(&seen, 0)
			r.handler(hosts, pss.PostStartHTTP, pss.PostStartTCP)
		case "preStop":
			r.once(&seen, 1)
			r.handler(hosts, pss.PreStopHTTP, pss.PreStopTCP)
		default:
			r.other(key, lifecycleKeys)
		}
	}
}

// handler reads the hosts of a probe or a lifecycle handler.
func (r *reading) handler(hosts *hosts, http, tcp pss.HostField) {
	var seen uint32
	for more := r.object(); more; more = r.nextMember() {
		switch key := r.key(); string(key) {
		case "httpGet":
			r.once(&seen, 0)
			hosts[http] = r.host()
		case "tcpSocket":
			r.once(&seen, 1)
			hosts[tcp] = r.host()
		default:
			r.other(key, handlerKeys)
		}
	}
}

func (r *reading) host() (host string) {
	var seen uint32
	for more := r.object(); more; more = r.nextMember() {
		switch key := r.key(); string(key) {
		case "host":
			r.once(&seen, 0)
			host = r.text()
		default:
			r.other(key, hostKey)
		}
	}
	return host
}

// resources reads the limits of a container or a pod.
func (r *reading) resources(cpu, memory *pss.Opt[string]) {
	var seen uint32
	for more := r.object(); more; more = r.nextMember() {
		if key := r.key(); string(key) != "limits" {
			r.skip()
			continue
		}
		r.once(&seen, 0)
		for more := r.object(); more; more = r.nextMember() {
			switch key := r.key(); string(key) {
			case "cpu":
				r.once(&seen, 1)
				*cpu = r.quantity()
			case "memory":
				r.once(&seen, 2)
				*memory = r.quantity()
			default:
				r.skip()
			}
		}
	}
}

// quantity reads a string or number as it is written; null is zero to the API
// server.
func (r *reading) quantity() pss.Opt[string] {
	c := r.peek()
	if c == 'n' {
		return pss.Opt[string]{Value: "0", Set: r.null()}
	}
	if c != '-' && c-'0' > 9 {
		return r.optText()
	}
	text, _ := r.number()
	return pss.Opt[string]{Value: r.keep(text), Set: r.err == nil}
}

func (r *reading) volumeMount() (m VolumeMount) {
	var seen uint32
	for more := r.object(); more; more = r.nextMember() {
		switch key := r.key(); string(key) {
		case "name":
			r.once(&seen, 0)
			m.Name = r.text()
		case "mountPath":
			r.once(&seen, 1)
			m.MountPath = r.text()
		case "readOnly":
			r.once(&seen, 2)
			m.ReadOnly = r.boolean()
		default:
			r.skip()
		}
	}
	return m
}
