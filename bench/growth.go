package main

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"runtime"
	"strings"
	"time"

	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/plan"
	"github.com/gabion-security/gabion/pss"
)

// growthRow is what so many pods cost.
type growthRow struct {
	pods, templates int
	sweep, plan     sample  // milliseconds
	memory          float64 // bytes a cached pod
}

// podsPerTemplate is how many of the pods are copies of one another.
const podsPerTemplate = 50

// measureGrowth fills the cache of gabion serve with so many pods of one
// namespace, has the namespace relabelled, and plans for as many pods.
func measureGrowth(ctx context.Context, sizes []int, rounds int) ([]growthRow, error) {
	var rows []growthRow
	for _, n := range sizes {
		row := growthRow{pods: n, templates: (n + podsPerTemplate - 1) / podsPerTemplate}
		if err := row.measureCache(ctx, rounds); err != nil {
			return nil, fmt.Errorf("%d pods: %w", n, err)
		}
		if err := row.measurePlan(rounds); err != nil {
			return nil, fmt.Errorf("%d pods: %w", n, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// heapInUse is what the garbage collector leaves.
func heapInUse() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first one finalised
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// measureCache measures the memory of the cache and the sweep of its pods.
func (r *growthRow) measureCache(ctx context.Context, rounds int) error {
	return r.withCache(ctx, func(cache *cluster.Cache, before float64) error {
		r.memory = (heapInUse() - before) / float64(r.pods)
		return r.measureSweep(ctx, cache, rounds)
	})
}

// withCache does something with a cache that holds the pods; before is what the heap
// held without them.
func (r *growthRow) withCache(ctx context.Context, do func(cache *cluster.Cache, before float64) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := httptest.NewServer(&podServer{pods: r.pods, templates: r.templates})
	defer server.Close()
	cache, err := cluster.NewCache(&rest.Config{Host: server.URL}, cluster.CacheOptions{})
	if err != nil {
		return err
	}
	before := heapInUse()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		cache.Run(ctx)
	}()
	defer func() {
		cancel()
		server.CloseClientConnections()
		<-ended
	}()
	for start := time.Now(); len(cache.Unready()) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > 10*time.Minute {
			return errors.New(strings.Join(cache.Unready(), ", "))
		}
	}
	if got := cache.Stats(); got.Pods != r.pods || got.Views != r.templates {
		return fmt.Errorf("the cache holds %d pods with %d views, want %d with %d", got.Pods, got.Views, r.pods, r.templates)
	}
	return do(cache, before)
}

func (r *growthRow) measureSweep(ctx context.Context, cache *cluster.Cache, rounds int) error {
	controller, err := admission.New(admission.Options{Config: admission.DefaultConfig(), Namespaces: cache, Pods: cache})
	if err != nil {
		return err
	}
	request := admission.Request{
		Operation: admission.Update, Resource: "namespaces", Kind: "Namespace", Namespace: podNamespace, Name: podNamespace, Username: "admin",
		Object:    []byte(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"` + podNamespace + `","labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}`),
		OldObject: []byte(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"` + podNamespace + `"}}`),
	}
	want := fmt.Sprintf("(and %d other pods)", r.pods-1)
	var series []float64
	for range rounds {
		start := time.Now()
		d := controller.Decide(ctx, request)
		series = append(series, milliseconds(time.Since(start)))
		if text := strings.Join(d.Warnings, "\n"); !d.Allowed || len(d.Warnings) != 2 || !strings.Contains(text, want) {
			return fmt.Errorf("the answer is not complete, want all pods in one group:\n%s", text)
		}
	}
	r.sweep = summarise(series)
	return nil
}

// measurePlan plans for as many pods in namespaces of thirty.
func (r *growthRow) measurePlan(rounds int) error {
	const replicas, workloads = 3, 10
	inv := &inventory.Inventory{}
	for i := 0; i < r.pods; i += replicas * workloads {
		ns := inventory.Namespace{Name: fmt.Sprintf("team-%06d", i), Stated: true}
		for j := range workloads {
			view := &inventory.View{Pod: pss.Pod{
				HostPID:    j == 0,
				Containers: []pss.Container{{Kind: pss.RegularContainer, Name: fmt.Sprintf("app-%d", i/podsPerTemplate)}},
			}}
			w := &inventory.Workload{
				APIVersion: "apps/v1", Kind: "Deployment", Name: fmt.Sprintf("web-%d", j), Pods: replicas,
				Templates: []inventory.Template{{Path: "spec.template", View: view}},
			}
			ns.Workloads = append(ns.Workloads, w)
			for k := range replicas {
				ns.Pods = append(ns.Pods, inventory.Pod{Name: fmt.Sprintf("%s-%d", w.Name, k), View: view, Workload: w})
			}
		}
		inv.Namespaces = append(inv.Namespaces, ns)
	}
	var series []float64
	for range rounds {
		start := time.Now()
		made, err := plan.Make(inv, plan.Options{Target: pss.Restricted, Pin: pss.NewestVersion(), Defaults: pss.DefaultPolicy()})
		if err != nil {
			return err
		}
		series = append(series, milliseconds(time.Since(start)))
		if len(made.Namespaces) != len(inv.Namespaces) {
			return fmt.Errorf("the plan is for %d namespaces, want %d", len(made.Namespaces), len(inv.Namespaces))
		}
	}
	r.plan = summarise(series)
	return nil
}
