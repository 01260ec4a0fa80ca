// Command constant is the least that an admission webhook can do in Go: over
// HTTPS, it reads the body of a request and answers with a constant. It is the
// floor that webhooks are measured against.
package main

import (
	"flag"
	"io"
	"log"
	"net/http"
	"os"
	"time"
)

const answer = `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":` +
	`{"uid":"705ab4f5-6393-11e8-b7cc-42010a800002","allowed":true,` +
	`"auditAnnotations":{"enforce-policy":"restricted:latest"}}}`

func main() {
	listen := flag.String("listen", "", "the address to serve on")
	certificate := flag.String("tls-cert-file", "", "the file with the certificate")
	key := flag.String("tls-private-key-file", "", "the file with its key")
	flag.Parse()
	server := &http.Server{Addr: *listen, Handler: http.HandlerFunc(handle), ReadHeaderTimeout: 10 * time.Second}
	if err := server.ListenAndServeTLS(*certificate, *key); err != nil {
		log.New(os.Stderr, "constant: ", 0).Print(err)
		os.Exit(1)
	}
}

func handle(w http.ResponseWriter, r *http.Request) {
	if _, err := io.ReadAll(r.Body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, answer) // if it fails, nobody is there to be told
}
