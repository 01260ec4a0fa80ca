package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/internal/metrics"
	"github.com/gabion-security/gabion/internal/server/registration"
	"github.com/gabion-security/gabion/internal/server/resource"
	"github.com/gabion-security/gabion/internal/webhook"
)

// shutdownWithin is how long the last requests may take at the end. It is more
// than an API server waits.
const shutdownWithin = 35 * time.Second

// server is one run of the program.
type server struct {
	o   Options
	log *slog.Logger

	configuration admission.Config // to begin with

	config     *rest.Config
	client     *resource.Client
	cache      *cluster.Cache
	controller *admission.Controller
	handler    *webhook.Handler
	metrics    *metrics.Metrics
	policies   *policyFollower    // nil without a folder of policies
	objects    *cluster.Documents // nil if those of the cluster are left out
	composed   composer
	uses       *uses            // of exceptions
	reporting  *resource.Client // for the status of objects
	custom     customResources
	builtin    *builtinWatch

	admissionListener, statusListener net.Listener

	// These are there once the API server has been asked.
	certificates atomic.Pointer[webhook.Certificates]
	web          atomic.Pointer[webhook.Server]
	keeper       atomic.Pointer[registration.Keeper]
	// newNamespaces is registered while fills says that a guard has labels for them.
	newNamespaces atomic.Pointer[registration.Optional]
	fills         atomic.Bool
	cas           atomic.Pointer[[]byte] // that API servers should know
	key           atomic.Pointer[[]byte] // of the certificate that is served
	secretRead    atomic.Int64           // when, in nanoseconds since 1970

	running sync.WaitGroup
	failed  chan error
}

// Run serves until the context ends; requests that are then under way are still
// answered. The error is one line: why it could not begin, or could not go on.
func Run(ctx context.Context, o Options) error {
	klog.SetSlogLogger(o.Log) // what client-go has to say
	s, err := newServer(o)
	if err != nil {
		return err
	}
	if err := s.listen(ctx); err != nil {
		return err
	}
	// What requests need lives until the last of them is answered.
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	status := webhook.NewStatusServer(webhook.StatusOptions{NotReady: s.notReady, Metrics: s.metrics.Handler()}, s.log)
	s.run(func() error { return status.Serve(s.statusListener) })
	err = s.serve(ctx, serving)
	stop()
	_ = s.admissionListener.Close() // it may be closed already
	status.Close()
	s.running.Wait()
	return err
}

// newServer makes everything for which the API server need not be asked.
func newServer(o Options) (*server, error) {
	s := &server{o: o, log: o.Log, failed: make(chan error, 1)}
	var empty string
	var err error
	if s.configuration, empty, err = admission.LoadConfig(o.ConfigFile, os.ReadFile); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	if empty != "" {
		s.log.Warn("the configuration says nothing of Pod Security: everything is privileged by default, and nobody is exempt", slog.String("file", empty))
	}
	s.composed = composer{use: s.usePolicies, record: func(ok bool) { s.metrics.RecordPolicyReload(ok) }, log: s.log}
	s.builtin = newBuiltinWatch(s)
	if err := s.loadPolicies(); err != nil {
		return nil, err
	}
	if s.config, err = cluster.Connect(cluster.ConnectOptions{Kubeconfig: o.Kubeconfig, Version: o.Build.Version}); err != nil {
		return nil, err
	}
	if s.cache, err = cluster.NewCache(s.config, cluster.CacheOptions{Log: s.log, Exceptions: s.mayHavePolicies()}); err != nil {
		return nil, fmt.Errorf("the API server %s: %w", cluster.Address(s.config), err)
	}
	if !o.NoPolicyObjects {
		if s.objects, err = cluster.NewDocuments(s.config, cluster.DocumentsOptions{Log: s.log}); err != nil {
			return nil, err
		}
	}
	if s.custom.definitions, err = cluster.NewDefinitions(s.config, s.log); err != nil {
		return nil, fmt.Errorf("the API server %s: %w", cluster.Address(s.config), err)
	}
	if s.client, err = resource.NewClient(s.config); err != nil {
		return nil, err
	}
	if s.metrics, err = metrics.New(s.metricsOptions()); err != nil {
		return nil, err
	}
	// One of its own, so that many questions about rights keep nothing else waiting.
	asking, err := resource.NewClient(s.config)
	if err != nil {
		return nil, err
	}
	if s.reporting, err = resource.NewClient(s.config); err != nil {
		return nil, err
	}
	if s.controller, err = admission.New(admission.Options{
		Config: s.configuration, Namespaces: s.cache, Pods: s.cache, Rights: rights{asking}, Recorder: s.metrics, Uses: s.reported(),
	}); err != nil {
		return nil, err
	}
	s.beginPolicies()
	if s.handler, err = webhook.NewHandler(webhook.HandlerOptions{
		Decider: s.controller, Reads: s.controller.Reads, MaxBodyBytes: o.MaxBodyBytes, Log: s.log, Observer: s.metrics,
	}); err != nil {
		return nil, err
	}
	if s.fromFiles() {
		if _, err := s.readFiles(); err != nil { // before the API server is asked
			return nil, err
		}
	}
	return s, nil
}

func (s *server) metricsOptions() metrics.Options {
	o := metrics.Options{
		Build: s.o.Build,
		Caches: []metrics.Cache{
			{
				Resource: "namespaces",
				Objects:  func() int { return s.cache.Stats().Namespaces },
				Age:      func() time.Duration { return s.cache.Stats().NamespacesAge },
			},
			{
				Resource: "pods",
				Objects:  func() int { return s.cache.Stats().Pods },
				Age:      func() time.Duration { return s.cache.Stats().PodsAge },
			},
			{
				Resource: "customresourcedefinitions",
				Objects:  func() int { n, _ := s.custom.definitions.Stats(); return n },
				Age:      func() time.Duration { _, age := s.custom.definitions.Stats(); return age },
			},
		},
		CustomResources: s.custom.count,
		CertificateExpiry: func() time.Time {
			if c := s.certificates.Load(); c != nil {
				return c.NotAfter()
			}
			return time.Unix(0, 0)
		},
		Registered: func() bool {
			keeper := s.keeper.Load()
			return keeper != nil && keeper.Written() && s.newNamespaces.Load().NotReady() == ""
		},
		BytesInFlight: func() int64 { return s.handler.BytesInFlight() },
	}
	if s.objects == nil {
		return o
	}
	for _, resource := range s.objects.Resources() {
		o.Caches = append(o.Caches, metrics.Cache{
			Resource: resource,
			Objects:  func() int { n, _ := s.objects.Stats(resource); return n },
			Age:      func() time.Duration { _, age := s.objects.Stats(resource); return age },
		})
	}
	return o
}

func (s *server) listen(ctx context.Context) error {
	var config net.ListenConfig
	var err error
	if s.admissionListener, err = config.Listen(ctx, "tcp", s.o.Listen); err != nil {
		return err
	}
	if s.statusListener, err = config.Listen(ctx, "tcp", s.o.MetricsListen); err != nil {
		_ = s.admissionListener.Close()
		return err
	}
	return nil
}

// serve asks the API server what is needed to begin, begins, and ends when ctx
// does. The context serving ends only after that.
func (s *server) serve(ctx, serving context.Context) error {
	web, begun, err := s.begin(ctx, serving)
	if err != nil {
		if ctx.Err() != nil {
			return nil // told to end before it began
		}
		return err
	}
	s.run(func() error { return web.Serve(s.admissionListener) })
	s.log.Info("configuration", slog.String("file", s.o.ConfigFile), slog.String("enforce", s.configuration.Defaults.Enforce.String()),
		slog.String("audit", s.configuration.Defaults.Audit.String()), slog.String("warn", s.configuration.Defaults.Warn.String()))
	s.log.Info("serving", slog.String("admission", s.admissionListener.Addr().String()),
		slog.String("status", s.statusListener.Addr().String()), slog.String("version", s.o.Build.Version))

	// The registration is not looked after any more once this program is to end:
	// its successor may want another one.
	keeping, stopKeeping := context.WithCancel(ctx)
	defer stopKeeping()
	if keeper := s.keeper.Load(); keeper != nil {
		s.run(func() error { return s.keep(keeping, keeper) })
	}
	s.run(func() error { s.followCredentials(serving, begun); return nil })
	if s.objects != nil {
		s.run(func() error { s.report(serving); return nil })
	}

	select {
	case <-ctx.Done():
	case err = <-s.failed:
	}
	stopKeeping()
	s.log.Info("shutting down: not ready any more, requests under way are answered")
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.o.DrainDelay+shutdownWithin)
	defer cancel()
	return errors.Join(err, web.Shutdown(end))
}

// begin asks the API server what is needed to begin. It returns the server, and
// what it begins to serve with.
func (s *server) begin(ctx, serving context.Context) (*webhook.Server, material, error) {
	if err := s.findVersion(ctx); err != nil {
		return nil, material{}, err
	}
	s.run(func() error { s.cache.Run(serving); return nil })
	s.run(func() error { s.followVersion(serving); return nil })
	s.run(func() error { s.custom.definitions.Run(serving, s.useCustomResources); return nil })
	s.run(func() error { s.followConfiguration(serving, s.configuration); return nil })
	s.run(func() error { s.followPolicies(serving); return nil })
	if err := s.beginObjects(ctx, serving); err != nil {
		return nil, material{}, err
	}

	s.run(func() error { s.builtin.run(serving); return nil })

	m, err := s.readMaterial(ctx)
	if err != nil {
		return nil, material{}, err
	}
	certificates, err := webhook.NewCertificates(m.credentials, nil)
	if err != nil {
		return nil, material{}, err
	}
	s.certificates.Store(certificates)
	s.cas.Store(&m.cas)
	s.key.Store(&m.credentials.Key)
	web, err := webhook.NewServer(webhook.ServerOptions{
		Handler: s.handler, Certificates: certificates, DrainDelay: s.o.DrainDelay, Log: s.log,
	})
	if err != nil {
		return nil, material{}, err
	}
	if s.o.Register {
		if err := s.newKeepers(); err != nil {
			return nil, material{}, err
		}
	}
	s.web.Store(web)
	return web, m, nil
}

// run runs a part of the server. The first error of any ends the program.
func (s *server) run(part func() error) {
	s.running.Go(func() {
		if err := part(); err != nil {
			select {
			case s.failed <- err:
			default:
			}
		}
	})
}

// notReady says why requests should go elsewhere.
func (s *server) notReady() []string {
	web := s.web.Load()
	switch {
	case web == nil:
		return append([]string{"starting"}, s.objectsUnready()...)
	case web.Draining():
		return []string{"shutting down"}
	}
	reasons := s.cache.Unready()
	if reason := s.secretUnread(time.Now()); reason != "" {
		reasons = append(reasons, reason)
	}
	if reason := s.policies.notReady(); reason != "" {
		reasons = append(reasons, reason)
	}
	reasons = append(reasons, s.objectsUnready()...)
	keeper := s.keeper.Load()
	if keeper != nil {
		if reason := keeper.NotReady(); reason != "" {
			return append(reasons, reason)
		}
	}
	if reason := s.untrusted(keeper, time.Now()); reason != "" {
		reasons = append(reasons, reason)
	}
	return reasons
}
