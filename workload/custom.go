package workload

// customKind is one row of the table of well-known custom resources that embed
// pods. It is data only: another kind is another row.
type customKind struct {
	group, kind string
	// paths lead to PodTemplateSpecs or PodSpecs, or to what the shape says.
	paths []string
	// partial marks kinds whose controller adds to the pods on its own.
	partial bool
	shape   *shape
	// elsewhere are paths of references: an object that states no pod but one
	// of these has its pods stated in another object.
	elsewhere []string
	unread    []unreadPath
}

const modelServer = "it is a container that KServe completes from its own configuration"

// customKinds are the well-known custom resources that embed pods, in any of
// their versions.
func customKinds() []customKind {
	template := []string{"spec.template"}
	rayCluster := func(at string) []string {
		return []string{at + ".headGroupSpec.template", at + ".workerGroupSpecs[*].template"}
	}
	rows := []customKind{
		// Argo Rollouts
		{group: "argoproj.io", kind: "Rollout", paths: template, elsewhere: []string{"spec.workloadRef"}},
		{group: "argoproj.io", kind: "Experiment", paths: []string{"spec.templates[*].template"}},
		// Knative Serving adds the queue proxy.
		{group: "serving.knative.dev", kind: "Service", paths: template, partial: true},
		{group: "serving.knative.dev", kind: "Configuration", paths: template, partial: true},
		{group: "serving.knative.dev", kind: "Revision", paths: []string{"spec"}, partial: true},
		// KServe adds model servers, storage initializers and agents.
		{group: "serving.kserve.io", kind: "InferenceService", partial: true, paths: []string{
			"spec.predictor", "spec.predictor.workerSpec", "spec.transformer", "spec.explainer",
		}, unread: []unreadPath{
			// model, sklearn, xgboost and the like, of which there are more with each release
			{path: "spec.predictor.*", container: true, why: modelServer},
			{path: "spec.transformer.*", container: true, why: modelServer},
			{path: "spec.explainer.*", container: true, why: modelServer},
		}},
		{group: "serving.kserve.io", kind: "ServingRuntime", partial: true, paths: []string{"spec", "spec.workerSpec"}},
		{group: "serving.kserve.io", kind: "ClusterServingRuntime", partial: true, paths: []string{"spec", "spec.workerSpec"}},
		// KubeRay
		{group: "ray.io", kind: "RayCluster", paths: rayCluster("spec")},
		{group: "ray.io", kind: "RayService", paths: rayCluster("spec.rayClusterConfig")},
		{
			group: "ray.io", kind: "RayJob", elsewhere: []string{"spec.clusterSelector"},
			paths: append(rayCluster("spec.rayClusterSpec"), "spec.submitterPodTemplate"),
		},
		// Kubernetes SIGs
		{group: "jobset.x-k8s.io", kind: "JobSet", paths: []string{"spec.replicatedJobs[*].template.spec.template"}},
		{group: "leaderworkerset.x-k8s.io", kind: "LeaderWorkerSet", paths: []string{
			"spec.leaderWorkerTemplate.leaderTemplate", "spec.leaderWorkerTemplate.workerTemplate",
		}},
		{group: "kueue.x-k8s.io", kind: "Workload", paths: []string{"spec.podSets[*].template"}},
		// Volcano
		{group: "batch.volcano.sh", kind: "Job", paths: []string{"spec.tasks[*].template"}},
		{group: "flow.volcano.sh", kind: "JobTemplate", paths: []string{"spec.tasks[*].template"}},
		// OpenKruise
		{group: "apps.kruise.io", kind: "CloneSet", paths: template},
		{group: "apps.kruise.io", kind: "StatefulSet", paths: template},
		{group: "apps.kruise.io", kind: "DaemonSet", paths: template},
		{group: "apps.kruise.io", kind: "BroadcastJob", paths: template},
		{group: "apps.kruise.io", kind: "AdvancedCronJob", paths: []string{
			"spec.template.jobTemplate.spec.template", "spec.template.broadcastJobTemplate.spec.template",
		}},
	}
	for kind, field := range map[string]string{
		"PyTorchJob": "pytorchReplicaSpecs", "TFJob": "tfReplicaSpecs", "MPIJob": "mpiReplicaSpecs",
		"XGBoostJob": "xgbReplicaSpecs", "PaddleJob": "paddleReplicaSpecs", "JAXJob": "jaxReplicaSpecs",
	} {
		rows = append(rows, customKind{
			group: "kubeflow.org", kind: kind, paths: []string{"spec." + field + ".*.template"},
		})
	}
	return append(rows, assembledKinds()...)
}
