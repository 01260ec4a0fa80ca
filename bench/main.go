// Command bench measures Gabion against k8s.io/pod-security-admission, both on
// the same pods in the same run, and writes docs/performance.md and the table in
// README.md. Before anything is timed, both must give the same verdict in the
// same words. It soaks and fuzzes, too: what takes long and is written down.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	var o options
	flag.StringVar(&o.root, "root", "", "the repository's root, whose documents are brought up to date; none if empty")
	flag.IntVar(&o.rounds, "rounds", 61, "rounds, each of which times both sides of every comparison once")
	flag.IntVar(&o.workloads, "workloads", 20_000, "workloads in files, half of them JSON, half YAML")
	flag.StringVar(&o.keep, "keep", "", "an empty directory for these files, in which they stay; a temporary one if empty")
	flag.IntVar(&o.fileRounds, "file-rounds", 5, "rounds, each of which judges them once by both sides")
	flag.IntVar(&o.growthRounds, "growth-rounds", 9, "rounds of what is measured of many pods")
	flag.IntVar(&o.starts, "starts", 40, "starts of the program")
	flag.IntVar(&o.webhooks.rounds, "webhook-rounds", 11, "rounds, each of which measures all webhooks with every request once")
	flag.IntVar(&o.webhooks.requests, "webhook-requests", 1000, "requests that a webhook answers in one measurement, fewer if they are large")
	flag.BoolVar(&o.soaking, "soak", false, "instead of all that, have gabion serve answer a million requests, and gabion check read gigabytes, and see what grows")
	flag.IntVar(&o.soak.requests, "soak-requests", 1_000_000, "requests that are answered then")
	flag.IntVar(&o.soak.clients, "soak-clients", 16, "clients that send them")
	flag.IntVar(&o.soak.samples, "soak-samples", 20, "looks at what the server holds meanwhile")
	flag.Int64Var(&o.soak.stream, "soak-bytes", 5_000_000_000, "bytes of pods that are read then")
	flag.BoolVar(&o.fuzzing, "fuzz", false, "instead of all that, fuzz every target of the repository")
	flag.StringVar(&o.fuzz.target, "fuzz-target", "", "the only target that is fuzzed then, every one if empty")
	flag.StringVar(&o.fuzz.time, "fuzz-time", "30s", "how long each is fuzzed, or 1000x for so many executions")
	flag.Parse()
	if err := run(os.Stdout, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options say what is measured how often, and where the figures go.
type options struct {
	root                                string
	rounds, starts                      int
	workloads, fileRounds, growthRounds int
	keep                                string
	webhooks                            webhookOptions
	soaking                             bool
	soak                                soakOptions
	fuzzing                             bool
	fuzz                                fuzzOptions
}

// run measures, writes the report to stdout and brings the documents up to date.
func run(stdout io.Writer, o options) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch {
	case o.soaking:
		return runSoak(ctx, stdout, o)
	case o.fuzzing:
		return runFuzz(ctx, stdout, o.root, o.fuzz)
	}
	f, err := measureAll(ctx, o)
	if err != nil {
		return err
	}
	wanted := f.targets()
	if err := demandMeasured(wanted); err != nil {
		return err
	}
	head, text := heading(thisMachine(), time.Now()), render(f)
	all := head + renderTargets(wanted) + renderOutOfBounds(f.webhook) + text + renderMore(f)
	if _, err := io.WriteString(stdout, all); err != nil || o.root == "" {
		return err
	}
	return errors.Join(publish(o.root, head+text, all, f.curves), demandNear(wanted), demandBounds(f.webhook))
}

// measureAll measures everything.
func measureAll(ctx context.Context, o options) (*figures, error) {
	u, g, err := sides()
	if err != nil {
		return nil, err
	}
	comparisons, err := comparisons(u, g)
	if err != nil {
		return nil, err
	}
	f := &figures{engine: measure(comparisons, o.rounds)}
	if f.scans, err = measureScans(g, o.rounds); err != nil {
		return nil, fmt.Errorf("scans: %w", err)
	}
	if f.curves, err = measureCurves(u, g, o.rounds/4+1); err != nil {
		return nil, fmt.Errorf("cost by size: %w", err)
	}
	if err := measureProgram(ctx, f, u, o); err != nil {
		return nil, err
	}
	if f.growth, err = measureGrowth(ctx, []int{1000, 10_000, 150_000}, o.growthRounds); err != nil {
		return nil, fmt.Errorf("growth: %w", err)
	}
	if f.serving, err = measureServing(ctx, &podServer{150_000, 3000}, collected); err != nil {
		return nil, fmt.Errorf("memory of gabion serve: %w", err)
	}
	if f.webhook, f.servers, err = measureWebhooks(ctx, o.webhooks); err != nil {
		return nil, fmt.Errorf("webhooks: %w", err)
	}
	return f, nil
}

// publish brings the documents up to date.
func publish(root, text, all string, curves []curve) error {
	docs := filepath.Join(root, "docs")
	svg := plot("From the text of a pod to its verdict at restricted:latest", curves)
	return errors.Join(
		update(filepath.Join(root, "README.md"), figuresBegin, figuresEnd, text),
		update(filepath.Join(docs, "performance.md"), figuresBegin, figuresEnd, all),
		os.WriteFile(filepath.Join(docs, plotFile), []byte(svg), 0o644),
	)
}

// plotFile is the plot's name beside the document that shows it.
const plotFile = "performance.svg"

// The figures stand between these lines of a document.
const (
	figuresBegin = "<!-- figures: written by make bench, do not edit -->\n"
	figuresEnd   = "<!-- end of figures -->\n"
	soakBegin    = "<!-- soak: written by make soak, do not edit -->\n"
	soakEnd      = "<!-- end of soak -->\n"
	fuzzBegin    = "<!-- fuzz: written by make fuzz, do not edit -->\n"
	fuzzEnd      = "<!-- end of fuzz -->\n"
)

// update replaces the figures in a document.
func update(file, begin, end, figures string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, begins := strings.Cut(string(text), begin)
	_, after, ends := strings.Cut(rest, end)
	if !begins || !ends {
		return fmt.Errorf("%s: has no lines %q and %q", file, begin, end)
	}
	text = []byte(before + begin + "\n" + figures + "\n" + end + after)
	return os.WriteFile(file, text, 0o644)
}
