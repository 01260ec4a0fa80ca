package server

import (
	"log/slog"
	"time"

	"github.com/gabion-security/gabion/internal/metrics"
	"github.com/gabion-security/gabion/internal/server/registration"
	"github.com/gabion-security/gabion/internal/webhook"
)

// Options say what to serve. Kubeconfig, ConfigFile, PolicyDir,
// RegisterCAFile and MaxBodyBytes may be left out.
type Options struct {
	// Kubeconfig says where the API server is; without it, the program has to
	// run inside the cluster.
	Kubeconfig string
	// ConfigFile holds the configuration of Pod Security admission.
	ConfigFile string
	// PolicyDir is the folder with documents of the group gabion.io.
	PolicyDir string
	// NoPolicyObjects leaves out the documents that are objects of the cluster.
	NoPolicyObjects bool
	// Listen and MetricsListen are the addresses for admission over TLS, and for
	// probes and metrics over plain HTTP.
	Listen, MetricsListen string
	// CredentialFiles are the files for TLS. Without a certificate among them,
	// there is one in the Secret.
	CredentialFiles webhook.CredentialFiles
	// Secret is where a certificate is that the program makes itself.
	Secret SecretOptions
	// Register asks for the webhook configuration to be written and kept. Its
	// target needs no URL if the address to listen on has a host.
	Register bool
	Target   registration.Target
	// RegisterCAFile holds the CAs that sign the certificate in CredentialFiles;
	// without it, that certificate's own file does.
	RegisterCAFile string
	// MaxBodyBytes is how large an admission review may be.
	MaxBodyBytes int64
	// DrainDelay is how long requests are served as before once the program has
	// said that it is not ready any more.
	DrainDelay time.Duration
	// Log is required.
	Log *slog.Logger
	// Build says which program this is.
	Build metrics.Build
}
