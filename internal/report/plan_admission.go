package report

import (
	"bytes"
	"slices"
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
	b.WriteString(heldBack(p))
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
			b.WriteString("      - " + yamlQuote(name) + "\n")
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

// heldBack says which unlabelled namespaces keep the default low, and how they do
// so no longer: the plan's own labels, or else one that says what they have now.
func heldBack(p *Plan) string {
	var b strings.Builder
	var planned, ours, theirs []string
	for _, name := range p.Proposed.Held {
		i := slices.IndexFunc(p.Namespaces, func(n PlanNamespace) bool { return n.Name == name })
		switch {
		case i < 0 || !isNamespaceName(name):
			b.WriteString("# left out, because no namespace can have this name: " + Escape(name) + "\n")
		case p.Namespaces[i].Stage == StageOptedOut:
			theirs = append(theirs, name)
		case p.Namespaces[i].Labels["pod-security.kubernetes.io/enforce"] != "":
			planned = append(planned, name)
		default:
			ours = append(ours, name)
		}
	}
	held := func(about string, names []string, before, after string) {
		if len(names) > 0 {
			b.WriteString(about)
			for few := range slices.Chunk(names, 8) {
				b.WriteString("#   " + before + strings.Join(few, " ") + after + "\n")
			}
			b.WriteString("#\n")
		}
	}
	command, labels := "kubectl label ns ", enforceLabels(p.Defaults.Enforce)
	if len(planned)+len(ours)+len(theirs) > 0 {
		b.WriteString("# Some namespaces without an enforce label would not pass " + p.Target + ", so the enforced\n# default is " +
			levelOf(p.Proposed.Defaults.Enforce) + ". Label them, and write this file again.\n#\n")
	}
	held("# The commands of -o kubectl label these:\n#\n", planned, "", "")
	held("# These are to say as a label what they have now:\n#\n", ours, command, labels)
	held("# These have opted out by gabion.io/manage=false, so that it is for their owners:\n#\n", theirs, command, labels)
	return b.String()
}

// enforceLabels are the arguments that set what a policy enforces.
func enforceLabels(policy string) string {
	level, version, _ := strings.Cut(policy, ":")
	text := " pod-security.kubernetes.io/enforce=" + level
	if version != "latest" {
		text += " pod-security.kubernetes.io/enforce-version=" + version
	}
	return text
}
