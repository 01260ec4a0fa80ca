package rollout_test

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// definitions are of three kinds of custom resources: one whose schema has a
// place for pods, one that says nothing of what stands in it, and one that has
// no place for pods.
const definitions = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: engines.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Engine, plural: engines}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              parts:
                type: array
                items:
                  type: object
                  properties:
                    template:
                      type: object
                      properties:
                        metadata: {type: object, x-kubernetes-preserve-unknown-fields: true}
                        spec:
                          type: object
                          x-kubernetes-preserve-unknown-fields: true
                          properties:
                            hostNetwork: {type: boolean}
                            containers:
                              type: array
                              items:
                                type: object
                                x-kubernetes-preserve-unknown-fields: true
                                properties: {name: {type: string}, image: {type: string}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: riddles.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Riddle, plural: riddles}
  versions:
  - name: v1alpha1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, x-kubernetes-preserve-unknown-fields: true}}}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: notes.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Note, plural: notes}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {text: {type: string}}}}}}
`

// objects are a little of everything. Secret stands wherever something must not
// be kept.
const objects = `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/warn: baseline, team: a}}
---
apiVersion: v1
kind: Namespace
metadata: {name: blog}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: robot, namespace: shop}
automountServiceAccountToken: false
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, annotations: {note: Secret}}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {note: Secret}}
    spec:
      serviceAccountName: robot
      securityContext: {runAsNonRoot: true, fsGroup: 7, sysctls: [{name: kernel.msgmax, value: Secret}]}
      containers:
      - name: web
        image: registry.example.com/web:1
        command: [Secret]
        args: [Secret]
        env: [{name: Secret, value: Secret}]
        ports: [{containerPort: 80}, {containerPort: 81, hostPort: 8081}]
        resources: {limits: {cpu: 500m, memory: 1Gi}}
        livenessProbe: {httpGet: {host: 10.0.0.1, port: 80, path: /Secret}}
        securityContext: {capabilities: {add: [NET_ADMIN], drop: [ALL]}, seccompProfile: {type: Localhost, localhostProfile: p}}
        volumeMounts: [{name: data, mountPath: /data}]
      volumes: [{name: data, hostPath: {path: /var}}, {name: conf, configMap: {name: Secret}}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly, namespace: shop}
spec:
  schedule: "0 0 * * *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: x}]}}}}
---
apiVersion: v1
kind: PodTemplate
metadata: {name: stamp, namespace: blog}
template: {metadata: {labels: {a: b}}, spec: {hostPID: true, containers: [{name: c, image: x}]}}
---
apiVersion: v1
kind: ReplicationController
metadata: {name: old, namespace: blog}
spec: {selector: {a: b}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: x}]}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: blog}
spec:
  selector: {matchLabels: {a: c}}
  template: {metadata: {labels: {a: c}}, spec: {hostNetwork: true, containers: [{name: c, image: x, ports: [{containerPort: 9, hostPort: 9}]}]}}
---
apiVersion: v1
kind: Pod
metadata:
  name: web-1
  namespace: shop
  labels: {app: web}
  annotations: {container.apparmor.security.beta.kubernetes.io/c: runtime/default, note: Secret}
  ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: "1", controller: true}]
spec:
  containers: [{name: c, image: x, securityContext: {privileged: true}}]
  volumes: [{name: kube-api-access-abcde, projected: {sources: []}}]
---
apiVersion: v1
kind: Pod
metadata:
  name: web-2
  namespace: shop
  ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: "1", controller: true}]
spec:
  containers: [{name: c, image: x}]
  volumes: [{name: kube-api-access-fghij, projected: {sources: []}}]
---
apiVersion: v1
kind: Pod
metadata: {name: web-3, namespace: shop}
spec:
  containers: [{name: c, image: x}]
  volumes: [{name: kube-api-access-klmno, projected: {sources: []}}]
---
apiVersion: example.com/v1
kind: Engine
metadata: {name: diesel, namespace: shop}
spec:
  parts:
  - template: {spec: {containers: [{name: a, image: x}]}}
  - template: {metadata: {labels: {Secret: Secret}}, spec: {hostNetwork: true, containers: [{name: b, image: x, env: [{name: Secret}]}], volumes: [{name: v}]}}
---
apiVersion: example.com/v1
kind: Engine
metadata: {name: empty, namespace: shop}
spec: {}
---
apiVersion: example.com/v1
kind: Engine
metadata: {name: unfinished, namespace: shop}
spec: {parts: [{}, {template: {metadata: {labels: {a: b}}}}]}
---
apiVersion: example.com/v1alpha1
kind: Riddle
metadata: {name: sphinx, namespace: blog}
spec: {inner: {pod: {spec: {containers: [{name: c, image: x}]}}}}
---
apiVersion: example.com/v1alpha1
kind: Riddle
metadata: {name: harmless, namespace: blog}
spec: {answer: Secret}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: shop}
rules:
- {apiGroups: ["", apps, batch], resources: [pods, deployments, replicasets, daemonsets, statefulsets, jobs, cronjobs, podtemplates], verbs: [list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: dev}]
`

// workloads are asked about one by one: one that the API server takes, one that
// something else than Pod Security refuses, one that Pod Security refuses
// already, and one to whose pods a container is added.
const workloads = `
apiVersion: v1
kind: Namespace
metadata: {name: ask, labels: {pod-security.kubernetes.io/enforce: baseline}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: fine, namespace: ask}
spec: {selector: {matchLabels: {a: fine}}, template: {metadata: {labels: {a: fine}}, spec: {
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}},
  containers: [{name: c, image: x, env: [{name: A, value: b}], securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: injected, namespace: ask}
spec: {selector: {matchLabels: {a: injected}}, template: {metadata: {labels: {a: injected, inject: please}}, spec: {
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}},
  containers: [{name: c, image: x, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: unknowable, namespace: ask}
spec: {selector: {matchLabels: {a: u}}, template: {metadata: {labels: {a: u}}, spec: {
  priorityClassName: there-is-none, containers: [{name: c, image: x}]}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: refused, namespace: ask}
spec: {schedule: "0 0 * * *", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, hostPID: true, containers: [{name: c, image: x}]}}}}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: inject}
spec:
  failurePolicy: Fail
  reinvocationPolicy: Never
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
  matchConditions: [{name: asked, expression: "has(object.metadata.labels) && 'inject' in object.metadata.labels"}]
  mutations:
  - patchType: ApplyConfiguration
    applyConfiguration: {expression: 'Object{spec: Object.spec{containers: [Object.spec.containers{name: "sidecar", image: "x"}]}}'}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {name: inject}
spec: {policyName: inject}
`

var once sync.Once

// fill puts the objects into the cluster, the first time that it is called.
func fill(t *testing.T) {
	t.Helper()
	once.Do(func() {
		kubectl(t, definitions, "apply", "-f", "-")
		kubectl(t, "", "wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
		deadline := time.Now().Add(time.Minute)
		for !strings.Contains(kubectl(t, "", "api-resources", "--api-group=example.com", "--no-headers"), "riddles") {
			if time.Now().After(deadline) {
				t.Fatal("the API server does not serve the custom resources")
			}
			time.Sleep(100 * time.Millisecond)
		}
		kubectl(t, objects+"---"+workloads, "apply", "-f", "-") // nothing is changed afterwards: tests run at once
	})
}
