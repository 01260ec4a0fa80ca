package report

import (
	"bytes"
	"strings"

	"github.com/gabion-security/gabion/pss"
)

// admissionUse says where the file goes.
const admissionUse = `# Defaults and exemptions of Pod Security admission, for the API server's flag
# --admission-control-config-file. Namespaces with labels are not touched by the
# defaults. The API server reads the file when it starts.
#
# kubeadm: put the file on every control plane node as
# /etc/kubernetes/policies/admission.yaml, and give kubeadm
#
#   apiVersion: kubeadm.k8s.io/v1beta4
#   kind: ClusterConfiguration
#   apiServer:
#     extraArgs:
#     - name: admission-control-config-file
#       value: /etc/kubernetes/policies/admission.yaml
#     extraVolumes:
#     - name: policies
#       hostPath: /etc/kubernetes/policies
#       mountPath: /etc/kubernetes/policies
#       readOnly: true
#       pathType: Directory
#
# kind: keep the file as policies/admission.yaml, and create the cluster with
#
#   apiVersion: kind.x-k8s.io/v1alpha4
#   kind: Cluster
#   nodes:
#   - role: control-plane
#     kubeadmConfigPatches:
#     - |
#       kind: ClusterConfiguration
#       apiServer:
#         extraArgs:
#           admission-control-config-file: /etc/kubernetes/policies/admission.yaml
#         extraVolumes:
#         - name: policies
#           hostPath: /etc/kubernetes/policies
#           mountPath: /etc/kubernetes/policies
#           readOnly: true
#           pathType: DirectoryOrCreate
#     extraMounts:
#     - hostPath: ./policies
#       containerPath: /etc/kubernetes/policies
#       readOnly: true
#
`

// planAdmission is the API server's configuration that goes with the plan.
func planAdmission(p *Plan) string {
	var b bytes.Buffer
	b.WriteString(admissionUse)
	c := &p.Proposed
	if len(c.Held) > 0 {
		t := planText{}
		b.WriteString("# These namespaces have no enforce label and would not all pass more than\n# " + levelOf(c.Defaults.Enforce) + ": " + t.some(escaped(c.Held)) +
			".\n# Label them (-o kubectl), and write this file again.\n#\n")
	}
	b.WriteString("apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n- name: PodSecurity\n  configuration:\n" +
		"    apiVersion: pod-security.admission.config.k8s.io/" + admissionVersion(p.Latest) + "\n    kind: PodSecurityConfiguration\n    defaults:\n")
	for _, mode := range []struct{ name, policy string }{
		{"enforce", c.Defaults.Enforce}, {"audit", c.Defaults.Audit}, {"warn", c.Defaults.Warn},
	} {
		level, version, _ := strings.Cut(mode.policy, ":")
		b.WriteString("      " + mode.name + ": " + level + "\n      " + mode.name + "-version: " + version + "\n")
	}
	b.WriteString("    exemptions:\n")
	for _, list := range []struct {
		name  string
		names []string
	}{
		{"usernames", c.Exemptions.Usernames}, {"runtimeClasses", c.Exemptions.RuntimeClasses}, {"namespaces", c.Exemptions.Namespaces},
	} {
		b.WriteString("      " + list.name + ":")
		if len(list.names) == 0 {
			b.WriteString(" []")
		}
		b.WriteByte('\n')
		for _, name := range list.names {
			b.WriteString("      - ")
			yamlQuote(&b, name)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// admissionVersion is the version in which the API server of a minor reads its
// PodSecurityConfiguration. One that is not known is taken to be new.
func admissionVersion(minor string) string {
	switch version, err := pss.ParseVersion(minor); {
	case err != nil, version >= pss.V1(25):
		return "v1"
	case version >= pss.V1(23):
		return "v1beta1"
	}
	return "v1alpha1"
}

func escaped(names []string) []string {
	var to []string
	for _, name := range names {
		to = append(to, Escape(name))
	}
	return to
}
