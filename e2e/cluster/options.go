package cluster

import (
	"log"
	"os"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/e2e/binaries"
)

// Options says what control plane to start. The zero value starts one with the
// built-in PodSecurity plugin on and everybody an administrator.
type Options struct {
	// WithoutPodSecurity switches the built-in PodSecurity plugin off.
	WithoutPodSecurity bool
	// WithServiceAccounts leaves the ServiceAccount plugin on: pods then need
	// service accounts, which no controller makes.
	WithServiceAccounts bool
	// EmulatedVersion is the older version that the API server behaves as,
	// "1.34"; if it is empty, it behaves as what it is.
	EmulatedVersion string
	// AdmissionConfiguration is the file of that kind, which configures the
	// PodSecurity plugin among others; if it is empty, there is none.
	AdmissionConfiguration string
	// AuditPolicy is the file that says what is written to the audit log, for
	// example AuditMetadata; if it is empty, there is no log.
	AuditPolicy string
	// Users can authenticate beside the administrator; RBAC decides what they
	// may do.
	Users []User
	// APIServerArgs are further flags of kube-apiserver.
	APIServerArgs []string
	// Binaries are the programs to run; if there are none, they are built.
	Binaries binaries.Set
	// Log is told about what takes long. If it is nil, standard error is.
	Log *log.Logger
}

// User is somebody who can authenticate to the API server by a token.
type User struct {
	Name   string
	Groups []string
}

// admin is the user of Cluster.Config.
var admin = User{Name: "admin", Groups: []string{"system:masters"}}

// AuditMetadata is an audit policy: everything is logged once, when it has been
// answered, without what was sent and answered.
const AuditMetadata = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules: [{level: Metadata}]
`

// logger returns the Log to use.
func (o Options) logger() *log.Logger {
	if o.Log != nil {
		return o.Log
	}
	return log.New(os.Stderr, "e2e: ", 0)
}

// users are all users, the administrator first.
func (o Options) users() []User { return slices.Insert(slices.Clone(o.Users), 0, admin) }

// disabledPlugins is the list of admission plugins that are off. There is no
// controller that would make the service accounts that ServiceAccount demands.
func (o Options) disabledPlugins() string {
	var plugins []string
	if !o.WithServiceAccounts {
		plugins = append(plugins, "ServiceAccount")
	}
	if o.WithoutPodSecurity {
		plugins = append(plugins, "PodSecurity")
	}
	return strings.Join(plugins, ",")
}
