// Command kubectl-gabion checks pods against the Pod Security Standards.
package main

import (
	"os"

	"github.com/gabion-security/gabion/internal/cli"
	"github.com/gabion-security/gabion/internal/headroom"
)

var version string // set by the linker in releases

func main() {
	code := cli.Main(cli.Process("kubectl gabion", version))
	headroom.Keep()
	os.Exit(code)
}
