package inventory

import (
	"encoding/binary"

	"github.com/gabion-security/gabion/pss"
)

// views are the different views that there are, each of them once, by what they
// hold.
type views struct {
	byKey map[string]*View
	key   []byte // of the view at hand
}

func newViews() *views { return &views{byKey: map[string]*View{}} }

// share returns the view that is equal to v, or v itself if it is the first.
func (all *views) share(v *View) *View {
	all.key = appendView(all.key[:0], v)
	if held := all.byKey[string(all.key)]; held != nil {
		return held
	}
	all.byKey[string(all.key)] = v
	return v
}

// appendView writes everything that a view holds. Two views that differ differ
// in it: every part has its length before it, or always the same length.
func appendView(b []byte, v *View) []byte {
	p := &v.Pod
	b = appendText(b, v.RuntimeClass)
	b = appendText(b, p.OS)
	b = appendOptBool(b, p.HostUsers)
	b = append(b, bit(p.HostNetwork)|bit(p.HostPID)<<1|bit(p.HostIPC)<<2)
	b = appendContext(b, &p.SecurityContext)
	b = appendTexts(b, p.Sysctls)
	b = binary.AppendUvarint(b, uint64(len(p.Annotations)))
	for _, a := range p.Annotations {
		b = appendText(appendText(b, a.Key), a.Value)
	}
	b = binary.AppendUvarint(b, uint64(len(p.Volumes)))
	for i := range p.Volumes {
		b = binary.LittleEndian.AppendUint32(appendText(b, p.Volumes[i].Name), uint32(p.Volumes[i].Sources))
	}
	b = binary.AppendUvarint(b, uint64(len(p.Containers)))
	for i := range p.Containers {
		b = appendContainer(b, &p.Containers[i])
	}
	b = append(b, bit(v.Extra != nil))
	if v.Extra != nil {
		b = appendExtra(b, v.Extra)
	}
	return b
}

func appendContainer(b []byte, c *pss.Container) []byte {
	b = append(appendText(b, c.Name), byte(c.Kind))
	b = binary.AppendVarint(b, int64(c.Index))
	b = appendContext(b, &c.SecurityContext)
	b = appendOptBool(b, c.Privileged)
	b = appendOptBool(b, c.AllowPrivilegeEscalation)
	b = appendOptText(b, c.ProcMount)
	b = appendTexts(b, c.AddedCapabilities)
	b = appendTexts(b, c.DroppedCapabilities)
	b = binary.AppendUvarint(b, uint64(len(c.HostPorts)))
	for _, p := range c.HostPorts {
		b = binary.AppendVarint(binary.AppendVarint(b, int64(p.Index)), int64(p.Port))
	}
	b = binary.AppendUvarint(b, uint64(len(c.Hosts)))
	for _, h := range c.Hosts {
		b = appendText(append(b, byte(h.Field)), h.Value)
	}
	return b
}

func appendContext(b []byte, c *pss.SecurityContext) []byte {
	b = appendOptBool(b, c.RunAsNonRoot)
	b = binary.AppendVarint(append(b, bit(c.RunAsUser.Set)), c.RunAsUser.Value)
	b = appendOptText(b, c.SeccompProfile)
	b = appendOptText(b, c.AppArmorProfile)
	b = appendText(appendText(appendText(b, c.SELinux.Type), c.SELinux.User), c.SELinux.Role)
	return appendOptBool(b, c.HostProcess)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendTexts(b []byte, all []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(all)))
	for _, s := range all {
		b = appendText(b, s)
	}
	return b
}

func appendOptText(b []byte, o pss.Opt[string]) []byte {
	return appendText(append(b, bit(o.Set)), o.Value)
}

func appendOptBool(b []byte, o pss.Opt[bool]) []byte { return append(b, bit(o.Set)|bit(o.Value)<<1) }

func bit(set bool) byte {
	if set {
		return 1
	}
	return 0
}
