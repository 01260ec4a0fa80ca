// Command bare links what it takes to talk to an API server, and does nothing: what
// starting a program that does so costs at least.
package main

import (
	_ "k8s.io/client-go/kubernetes"
	_ "k8s.io/client-go/tools/clientcmd"
)

func main() {}
