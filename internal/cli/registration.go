package cli

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/internal/server/install"
	"github.com/gabion-security/gabion/internal/server/registration"
	"github.com/gabion-security/gabion/internal/webhook"
)

const defaultSecret = install.SecretName

// registrationOptions are the flags about the webhook configuration.
type registrationOptions struct {
	register bool
	url      string
	service  parsed[servicePort]
	caFile   string
	exclude  []string
}

func (o *registrationOptions) flags(cmd *cobra.Command) {
	flagGroup(cmd, "Registration", func(fs *pflag.FlagSet) {
		fs.BoolVar(&o.register, "register", false, "write the webhook configuration, and keep it")
		fs.StringVar(&o.url, "register-url", "", "the `URL` where API servers find this program (default https://<--listen>/validate)")
		fs.Var(&o.service, "register-service", "the Service by which they find it, if it runs inside the cluster")
		fs.StringVar(&o.caFile, "register-ca-file", "",
			"the `FILE` with the CAs of its certificate, in PEM (default the certificates in --tls-cert-file)")
		excludeFlag(fs, &o.exclude)
	})
}

func excludeFlag(fs *pflag.FlagSet, to *[]string) {
	fs.StringSliceVar(to, "exclude-namespaces", []string{"kube-system"},
		"`NAMESPACES` whose pods are not judged, beside that of the Service: they start with every replica down")
}

// complete finds faults of the flags.
func (o *registrationOptions) complete(fs *pflag.FlagSet, listen string, files bool) error {
	if !o.register {
		for _, name := range []string{"register-url", "register-ca-file", "exclude-namespaces"} {
			if fs.Changed(name) {
				return usagef("--%s means nothing without --register", name)
			}
		}
		return nil
	}
	if err := checkNamespaces(o.exclude); err != nil {
		return err
	}
	switch {
	case o.caFile != "" && !files:
		return usagef("--register-ca-file means nothing without --tls-cert-file")
	case o.service.set && o.url != "":
		return usagef("--register-url and --register-service exclude each other")
	case o.service.set:
		return nil
	case o.url != "":
		if err := checkURL(o.url); err != nil {
			return usagef("--register-url: %s", err)
		}
		return nil
	}
	if host, err := hostOf(listen); err != nil || host == "" || net.ParseIP(host).IsUnspecified() {
		return usagef("--listen=%s is no address to be found at: give --register-url or --register-service", listen)
	}
	return nil
}

// checkURL says why the API server would not take a URL, or never reach it.
func checkURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return err
	case u.Scheme != "https":
		return errors.New("must begin with https://")
	case u.Hostname() == "":
		return errors.New("has no host")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("must have no user, query or fragment")
	case u.Path != "" && u.Path != "/" && u.Path != webhook.ValidatePath:
		return errors.New("must lead to /validate")
	}
	return nil
}

// target is where API servers find the program.
func (o *registrationOptions) target() registration.Target {
	service := o.service.value
	return registration.Target{
		URL: o.url, ExcludedNamespaces: o.exclude,
		Service: registration.Service{Namespace: service.namespace, Name: service.name, Port: service.port},
	}
}

// serverName is the name or address by which API servers know the program.
func (o *registrationOptions) serverName(listen string) (string, error) {
	if o.service.set {
		return o.service.value.name + "." + o.service.value.namespace + ".svc", nil
	}
	if o.url != "" {
		u, err := url.Parse(o.url)
		if err != nil {
			return "", err
		}
		return u.Hostname(), nil
	}
	host, err := hostOf(listen)
	if err == nil && (host == "" || net.ParseIP(host).IsUnspecified()) {
		err = usagef("--listen=%s names no host that a certificate could be for", listen)
	}
	return host, err
}

// drainDelay is how long the program goes on when it is told to end. What is behind
// a Service, or a URL of its own that may be a load balancer's, waits until nobody
// sends it anything any more; a single server only lets its readiness be seen.
func (o *registrationOptions) drainDelay() time.Duration {
	if o.service.set || o.url != "" {
		return 5 * time.Second
	}
	return time.Second
}

// hostOf returns the host of HOST:PORT, which may be empty.
func hostOf(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("must be HOST:PORT, not %q", address)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", fmt.Errorf("%q is no port", port)
	}
	return host, nil
}

// namespacedName names an object in a namespace.
type namespacedName struct{ namespace, name string }

func parseNamespacedName(text string) (namespacedName, error) {
	namespace, name, ok := strings.Cut(text, "/")
	if !ok || !isDNSLabel(namespace) || !isDNSLabel(name) {
		return namespacedName{}, errors.New("must be NAMESPACE/NAME")
	}
	return namespacedName{namespace, name}, nil
}

// servicePort names a port of a Service.
type servicePort struct {
	namespacedName

	port int32
}

func serviceFlag() parsed[servicePort] {
	return parsed[servicePort]{name: "NAMESPACE/NAME[:PORT]", parse: func(text string) (servicePort, error) {
		service, portText, given := strings.Cut(text, ":")
		name, err := parseNamespacedName(service)
		port := uint64(443)
		if err == nil && given {
			port, err = strconv.ParseUint(portText, 10, 16)
		}
		if err != nil || port == 0 {
			return servicePort{}, errors.New("must be NAMESPACE/NAME or NAMESPACE/NAME:PORT")
		}
		return servicePort{name, int32(port)}, nil //nolint:gosec // 16 bits
	}}
}

// isDNSLabel reports whether a text can be the name of a namespace or Service.
func isDNSLabel(text string) bool {
	ok, err := regexp.MatchString(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`, text)
	return ok && err == nil
}

func checkNamespaces(names []string) error {
	for _, name := range names {
		if !isDNSLabel(name) {
			return usagef("%q cannot be the name of a namespace", name)
		}
	}
	return nil
}
