package server

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
)

// certificatesOf returns the certificates in a PEM text and nothing else of it,
// as the API server wants them in a caBundle.
func certificatesOf(text []byte) ([]byte, error) {
	var all []byte
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return nil, err
		}
		all = append(all, pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes})...)
	}
	if len(all) == 0 {
		return nil, errors.New("there is no certificate in PEM in them")
	}
	return all, nil
}

// unite returns the certificates of a, then those of b that are not in a.
func unite(a, b []byte) []byte {
	all := bytes.Clone(a)
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		if text := pem.EncodeToMemory(block); !bytes.Contains(a, text) {
			all = append(all, text...)
		}
	}
	return all
}
