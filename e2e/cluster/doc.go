// Package cluster starts control planes for tests: an etcd and a kube-apiserver
// on free loopback ports, ready in seconds, which leave nothing behind, however
// the process that started them ends (on Linux; elsewhere only if it ends of its
// own accord). There are no controllers, scheduler or nodes: what a test creates
// stays as it was created.
//
// A package of tests shares one:
//
//	var plane *cluster.Cluster
//
//	func TestMain(m *testing.M) {
//		os.Exit(cluster.Main(m, &plane, cluster.Options{}))
//	}
package cluster
