//go:build goexperiment.jsonv2

package main

import (
	"bytes"
	"encoding/json/jsontext"
	jsonv2 "encoding/json/v2"
	"errors"
	"io"

	corev1 "k8s.io/api/core/v1"
)

// jsonV2Candidates are those that need GOEXPERIMENT=jsonv2.
var jsonV2Candidates = map[string]candidate{
	"encoding/json/v2, corev1.Pod": func(text []byte) error { return jsonv2.Unmarshal(text, new(corev1.Pod)) },
	"encoding/json/v2, any":        func(text []byte) error { return jsonv2.Unmarshal(text, new(any)) },
	"encoding/json/v2, IsValid":    func(text []byte) error { return must(jsontext.Value(text).IsValid()) },
	"encoding/json/v2, tokens": func() candidate {
		d := jsontext.NewDecoder(bytes.NewReader(nil)) // reused, as its documentation advises
		return func(text []byte) error {
			d.Reset(bytes.NewReader(text))
			for {
				if _, err := d.ReadToken(); errors.Is(err, io.EOF) {
					return nil
				} else if err != nil {
					return err
				}
			}
		}
	}(),
}
