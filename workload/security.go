package workload

import "github.com/gabion-security/gabion/pss"

var (
	nameKey     = []string{"name"}
	profileKeys = []string{"type", "localhostProfile"}
	seLinuxKeys = []string{"type", "user", "role"}
	windowsKeys = []string{"hostProcess"}
	capsKeys    = []string{"add", "drop"}
	podCtxKeys  = []string{
		"runAsNonRoot", "runAsUser", "seccompProfile", "appArmorProfile", "seLinuxOptions", "windowsOptions", "sysctls",
	}
	ctxKeys = []string{
		"runAsNonRoot", "runAsUser", "seccompProfile", "appArmorProfile", "seLinuxOptions", "windowsOptions",
		"privileged", "allowPrivilegeEscalation", "procMount", "capabilities",
	}
)

// podContext reads a pod's securityContext.
func (r *reading) podContext(p *podReading) {
	var seen uint32
	for more := r.object(); more; more = r.nextMember() {
		key := r.key()
		if r.sharedContext(key, &seen, &p.pod.SecurityContext, &p.security) {
			continue
		}
		switch string(key) {
		case "sysctls":
			r.once(&seen, 16)
			for more := r.list(); more; more = r.nextItem() {
				p.pod.Sysctls = append(p.pod.Sysctls, r.name())
			}
		case "fsGroup":
			r.once(&seen, 17)
			if group := r.integer(64); p.extra != nil {
				p.extra.FSGroup = group
			}
		case "supplementalGroups":
			r.once(&seen, 18)
			for more := r.list(); more; more = r.nextItem() {
				if group := r.integer(64); p.extra != nil {
					p.extra.SupplementalGroups = append(p.extra.SupplementalGroups, group.Value)
				}
			}
		default:
			r.other(key, podCtxKeys)
		}
	}
}

// name reads an object for its name.
func (r *reading) name() (name string) {
	var seen uint32
	for more := r.object(); more; more = r.nextMember() {
		switch key := r.key(); string(key) {
		case "name":
			r.once(&seen, 0)
			name = r.text()
		default:
			r.other(key, nameKey)
		}
	}
	return name
}

// containerContext reads a container's securityContext.
func (r *reading) containerContext(c *pss.Container, x *ContainerExtra) {
	var seen uint32
	var unwanted SecurityContextExtra
	shared := &unwanted
	if x != nil {
		shared = &x.SecurityContext
	}
	for more := r.object(); more; more = r.nextMember() {
		key := r.key()
		if r.sharedContext(key, &seen, &c.SecurityContext, shared) {
			continue
		}
		switch string(key) {
		case "allowPrivilegeEscalation":
			r.once(&seen, 16)
			c.AllowPrivilegeEscalation = r.optBoolean()
		case "privileged":
			r.once(&seen, 17)
			c.Privileged = r.optBoolean()
		case "procMount":
			r.once(&seen, 18)
			c.ProcMount = r.optText()
		case "capabilities":
			r.once(&seen, 19)
			r.capabilities(c)
		case "readOnlyRootFilesystem":
			r.once(&seen, 20)
			if value := r.optBoolean(); x != nil {
				x.ReadOnlyRootFilesystem = value
			}
		default:
			r.other(key, ctxKeys)
		}
	}
}

// sharedContext reads a field that pods and containers both have, and reports
// whether the key is one.
func (r *reading) sharedContext(key []byte, seen *uint32, sc *pss.SecurityContext, x *SecurityContextExtra) bool {
	switch string(key) {
	case "runAsNonRoot":
		r.once(seen, 0)
		sc.RunAsNonRoot = r.optBoolean()
	case "runAsUser":
		r.once(seen, 1)
		sc.RunAsUser = r.integer(64)
	case "runAsGroup":
		r.once(seen, 2)
		x.RunAsGroup = r.integer(64)
	case "seccompProfile":
		r.once(seen, 3)
		sc.SeccompProfile = r.profile(&x.SeccompLocalhost)
	case "appArmorProfile":
		r.once(seen, 4)
		sc.AppArmorProfile = r.profile(&x.AppArmorLocalhost)
	case "seLinuxOptions":
		r.once(seen, 5)
		r.seLinux(&sc.SELinux, x)
	case "windowsOptions":
		r.once(seen, 6)
		sc.HostProcess = r.hostProcess()
	default:
		return false
	}
	return true
}

// profile reads a seccomp or AppArmor profile's type, which is set wherever
// the profile's object is there.
func (r *reading) profile(localhost *pss.Opt[string]) (kind pss.Opt[string]) {
	if r.null() {
		return kind
	}
	kind.Set = true
	var seen uint32
	for more := r.object(); more; more = r.nextMember() {
		switch key := r.key(); string(key) {
		case "type":
			r.once(&seen, 0)
			kind.Value = r.text()
		case "localhostProfile":
			r.once(&seen, 1)
			*localhost = r.optText()
		default:
			r.other(key, profileKeys)
		}
	}
	return kind
}

func (r *reading) seLinux(o *pss.SELinuxOptions, x *SecurityContextExtra) {
	if r.null() {
		return
	}
	x.SELinux = true
	var seen uint32
	for more := r.object(); more; more = r.nextMember() {
		switch key := r.key(); string(key) {
		case "type":
			r.once(&seen, 0)
			o.Type = r.text()
		case "user":
			r.once(&seen, 1)
			o.User = r.text()
		case "role":
			r.once(&seen, 2)
			o.Role = r.text()
		case "level":
			r.once(&seen, 3)
			x.SELinuxLevel = r.text()
		default:
			r.other(key, seLinuxKeys)
		}
	}
}

// hostProcess reads windowsOptions.
func (r *reading) hostProcess() (value pss.Opt[bool]) {
	var seen uint32
	for more := r.object(); more; more = r.nextMember() {
		switch key := r.key(); string(key) {
		case "hostProcess":
			r.once(&seen, 0)
			value = r.optBoolean()
		default:
			r.other(key, windowsKeys)
		}
	}
	return value
}

func (r *reading) capabilities(c *pss.Container) {
	var seen uint32
	for more := r.object(); more; more = r.nextMember() {
		switch key := r.key(); string(key) {
		case "add":
			r.once(&seen, 0)
			c.AddedCapabilities = r.texts()
		case "drop":
			r.once(&seen, 1)
			c.DroppedCapabilities = r.texts()
		default:
			r.other(key, capsKeys)
		}
	}
}

// texts reads a list of strings; a null among them is "". The lists of one
// object share an array, of which each has a part of its own.
func (r *reading) texts() []string {
	first := len(r.strings)
	for more := r.list(); more; more = r.nextItem() {
		if r.strings == nil {
			r.strings = make([]string, 0, 4)
		}
		r.strings = append(r.strings, r.text())
	}
	if len(r.strings) == first {
		return nil
	}
	return r.strings[first:len(r.strings):len(r.strings)]
}
