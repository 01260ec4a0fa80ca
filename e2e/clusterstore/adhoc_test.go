package clusterstore_test

import (
	"testing"
	"time"
)

func TestAdhoc(t *testing.T) {
	r := run(t)
	r.awaitReady(t)
	for i := range 9 {
		time.Sleep(10 * time.Second)
		s := r.Stats()
		t.Log(i, s.NamespacesAge, s.PodsAge)
	}
	if err := plane.APIServer.Freeze(); err != nil {
		t.Fatal(err)
	}
	for i := range 14 {
		time.Sleep(10 * time.Second)
		s := r.Stats()
		t.Log("frozen", i, s.NamespacesAge, s.PodsAge, r.Unready())
	}
	if err := plane.APIServer.Thaw(); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	r.awaitReady(t)
	t.Log("ready after", time.Since(begin))
}
