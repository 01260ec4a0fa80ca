// Command gabion checks pods against the Pod Security Standards.
package main

import (
	"os"

	"github.com/gabion-security/gabion/internal/cli"
)

var version string // set by the linker in releases

func main() { os.Exit(cli.Main(cli.Process("gabion", version))) }
