package registration

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

// generationAnnotation says which of several wanted configurations the stored one
// is, and proves that it comes from a server that has the webhook's private key.
// Servers that were started with other flags, as happens during every rolling
// update, would otherwise take it from each other again and again: of them, the
// one that was started last has the highest generation. Whoever can change the
// configuration, but has no key, cannot make one that is left alone.
const generationAnnotation = "gabion.io/generation"

// seal writes the generation into a configuration, and who wrote its CAs.
func seal(c *admissionregistrationv1.ValidatingWebhookConfiguration, generation uint64, key []byte) {
	if c.Annotations == nil {
		c.Annotations = map[string]string{}
	}
	c.Annotations[generationAnnotation] = strconv.FormatUint(generation, 10) + " " + proof(c, generation, key) + " " + proofOfCAs(c, key)
}

// generationOf returns the generation of a configuration as a server has stored
// it; 0 if it was changed since, or never had one.
func generationOf(c *admissionregistrationv1.ValidatingWebhookConfiguration, key []byte) uint64 {
	number, rest, _ := strings.Cut(c.Annotations[generationAnnotation], " ")
	mac, _, _ := strings.Cut(rest, " ")
	generation, err := strconv.ParseUint(number, 10, 64)
	if err != nil || !hmac.Equal([]byte(mac), []byte(proof(c, generation, key))) {
		return 0
	}
	return generation
}

// casOf returns the CAs of a configuration if a server has stored them that has the
// key, nil if not.
func casOf(c *admissionregistrationv1.ValidatingWebhookConfiguration, key []byte) []byte {
	mac := c.Annotations[generationAnnotation]
	mac = mac[strings.LastIndexByte(mac, ' ')+1:]
	if len(c.Webhooks) == 0 || !hmac.Equal([]byte(mac), []byte(proofOfCAs(c, key))) {
		return nil
	}
	return c.Webhooks[0].ClientConfig.CABundle
}

// proofOfCAs is over the CAs of all webhooks.
func proofOfCAs(c *admissionregistrationv1.ValidatingWebhookConfiguration, key []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("gabion CAs"))
	for i := range c.Webhooks {
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(c.Webhooks[i].ClientConfig.CABundle))))
		mac.Write(c.Webhooks[i].ClientConfig.CABundle)
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// proof is over all that is compared, but for the CAs, which change by themselves;
// and over the version of the custom resources.
func proof(c *admissionregistrationv1.ValidatingWebhookConfiguration, generation uint64, key []byte) string {
	webhooks := c.DeepCopy().Webhooks
	slices.SortFunc(webhooks, func(a, b admissionregistrationv1.ValidatingWebhook) int { return strings.Compare(a.Name, b.Name) })
	for i := range webhooks {
		webhooks[i].ClientConfig.CABundle = nil
	}
	text, err := json.Marshal(webhooks)
	if err != nil {
		return "" // never: it came as JSON, or goes as such
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(strconv.AppendUint([]byte("gabion registration "), generation, 10))
	mac.Write(text)
	mac.Write([]byte(c.Annotations[customAnnotation]))
	return hex.EncodeToString(mac.Sum(nil))
}
