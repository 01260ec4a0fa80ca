package cluster

import (
	"crypto/rand"
	"encoding/csv"
	"fmt"
	"net"
	"os"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

// The files of a cluster, beside the logs and etcd's data.
const (
	certFile           = "apiserver.crt"
	keyFile            = "apiserver.key"
	serviceAccountFile = "service-account.key"
	tokenFile          = "tokens.csv"
	admissionFile      = "admission.yaml"
	auditPolicyFile    = "audit-policy.yaml"
	auditLogFile       = "audit.log"
)

// writeCredentials makes everything by which API server and clients know each
// other.
func (c *Cluster) writeCredentials() error {
	loopback := []net.IP{net.IPv4(127, 0, 0, 1)}
	certificate, key, err := cert.GenerateSelfSignedCertKey("localhost", loopback, nil)
	if err != nil {
		return fmt.Errorf("making the API server's certificate: %w", err)
	}
	serviceAccount, err := keyutil.MakeEllipticPrivateKeyPEM()
	if err != nil {
		return fmt.Errorf("making the service accounts' key: %w", err)
	}
	tokens, err := c.makeTokens()
	if err != nil {
		return fmt.Errorf("making the users' tokens: %w", err)
	}
	c.ca = certificate
	for name, content := range map[string][]byte{
		certFile: certificate, keyFile: key, serviceAccountFile: serviceAccount, tokenFile: []byte(tokens),
	} {
		if err := os.WriteFile(c.file(name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// makeTokens gives every user a token and returns the API server's list of them.
func (c *Cluster) makeTokens() (string, error) {
	var list strings.Builder
	w := csv.NewWriter(&list)
	c.tokens = map[string]string{}
	for _, u := range c.options.users() {
		token := rand.Text()
		c.tokens[u.Name] = token
		if err := w.Write([]string{token, u.Name, u.Name, strings.Join(u.Groups, ",")}); err != nil {
			return "", err
		}
	}
	w.Flush()
	return list.String(), w.Error()
}

// Config returns the configuration of a client with all rights. The client does
// not limit its own rate.
func (c *Cluster) Config() *rest.Config { return c.config(admin.Name) }

// ConfigOf returns the same for one of Options.Users.
func (c *Cluster) ConfigOf(user string) (*rest.Config, error) {
	if _, ok := c.tokens[user]; !ok {
		return nil, fmt.Errorf("there is no user %q", user)
	}
	return c.config(user), nil
}

func (c *Cluster) config(user string) *rest.Config {
	return &rest.Config{
		Host:            c.url,
		BearerToken:     c.tokens[user],
		TLSClientConfig: rest.TLSClientConfig{CAData: c.ca},
		QPS:             -1,
	}
}

// KubeconfigOf writes a kubeconfig for one of Options.Users and returns its
// path.
func (c *Cluster) KubeconfigOf(user string) (string, error) {
	token, ok := c.tokens[user]
	if !ok {
		return "", fmt.Errorf("there is no user %q", user)
	}
	config := clientcmdapi.NewConfig()
	config.Clusters["e2e"] = &clientcmdapi.Cluster{Server: c.url, CertificateAuthorityData: c.ca}
	config.AuthInfos[user] = &clientcmdapi.AuthInfo{Token: token}
	config.Contexts["e2e"] = &clientcmdapi.Context{Cluster: "e2e", AuthInfo: user}
	config.CurrentContext = "e2e"
	file, err := os.CreateTemp(c.folder.path, "kubeconfig-")
	if err != nil {
		return "", err
	}
	if err := file.Close(); err != nil {
		return "", err
	}
	if err := clientcmd.WriteToFile(*config, file.Name()); err != nil {
		return "", fmt.Errorf("writing the kubeconfig of %s: %w", user, err)
	}
	return file.Name(), nil
}
