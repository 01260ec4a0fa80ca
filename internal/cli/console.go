package cli

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// console writes lines to standard error and, on a terminal, a bar below them
// while work is long.
type console struct {
	w   io.Writer
	bar *bar // nil if nobody would see it
}

// bar is how far the work is.
type bar struct {
	mu          sync.Mutex
	now         func() time.Time
	start, last time.Time
	done, total int64 // bytes; the total is 0 if it is not known
	objects     int
	listed      string // what is listed from a cluster, "" if nothing is
	shown       bool
	width       int // of the terminal, 0 if it is not known
}

const (
	barAfter = time.Second // shorter work needs none
	barEvery = 100 * time.Millisecond
	barWidth = 30
)

func newConsole(s *System) *console {
	c := &console{w: s.Stderr}
	if s.ErrTerminal && s.Getenv("TERM") != "dumb" {
		c.bar = &bar{now: s.Now, width: s.ErrWidth}
	}
	return c
}

// line writes one line. There is nobody to tell if that fails.
func (c *console) line(text string) {
	if c.bar != nil {
		c.bar.mu.Lock()
		defer c.bar.mu.Unlock()
	}
	c.wipe()
	_, _ = fmt.Fprintln(c.w, text)
}

// noteVersions tells of versions that are newer than what is known.
func (c *console) noteVersions(versions ...pss.Version) {
	known := pss.NewestVersion()
	for i, v := range versions {
		if v > known && v != pss.Latest && !slices.Contains(versions[:i], v) {
			c.line(fmt.Sprintf("note: the standard is known up to %s here; %s is taken to be the same", known, v))
		}
	}
}

// noteAssumption tells of namespaces for which nobody says what they enforce.
func (c *console) noteAssumption(n int) {
	switch n {
	case 0:
	case 1:
		c.line("note: 1 namespace has " + report.Assuming)
	default:
		c.line(fmt.Sprintf("note: %d namespaces have %s", n, report.Assuming))
	}
}

// begin starts the clock and adds up the work, as far as it can be known.
func (c *console) begin(paths []string) {
	if c.bar == nil {
		return
	}
	c.bar.start = c.bar.now()
	for file, err := range workload.Walk(paths) {
		if file.Path == workload.Stdin {
			c.bar.total = 0
			return
		}
		if err != nil {
			continue
		}
		if info, err := os.Stat(file.Path); err == nil && info.Mode().IsRegular() {
			c.bar.total += info.Size()
		}
	}
}

// step counts an object.
func (c *console) step() {
	if c.bar == nil {
		return
	}
	c.bar.mu.Lock()
	defer c.bar.mu.Unlock()
	c.bar.objects++
	c.draw()
}

// advance counts bytes that were read.
func (c *console) advance(n int64) {
	if c.bar == nil {
		return
	}
	c.bar.mu.Lock()
	defer c.bar.mu.Unlock()
	c.bar.done += n
	c.draw()
}

// draw shows the bar, if it is time. Whoever calls it holds the lock.
func (c *console) draw() {
	b := c.bar
	now := b.now()
	if now.Sub(b.start) < barAfter || now.Sub(b.last) < barEvery {
		return
	}
	b.last, b.shown = now, true
	_, _ = fmt.Fprint(c.w, "\r\x1b[K"+b.text())
}

// text is the bar, in a line that does not wrap: only one line can be cleared.
func (b *bar) text() string {
	text := fmt.Sprintf("%d objects", b.objects)
	switch {
	case b.listed != "":
		text = b.listing()
	case b.objects == 0 && b.total > 0: // nobody counts them
		text = fmt.Sprintf("%d of %d MB", b.done>>20, b.total>>20)
	}
	if left := b.left(); b.total > 0 && left > 0 {
		text += fmt.Sprintf(", %s left", left)
	}
	if b.total > 0 {
		part := min(float64(b.done)/float64(b.total), 1)
		full := int(part * barWidth)
		text = fmt.Sprintf("%3.0f%%  %s", part*100, text)
		if drawn := "[" + strings.Repeat("#", full) + strings.Repeat("-", barWidth-full) + "] "; b.width == 0 || len(drawn)+len(text) < b.width {
			text = drawn + text
		}
	}
	if b.width > 0 {
		text = text[:min(len(text), b.width-1)]
	}
	return text
}

// listing says how far the list of a resource is.
func (b *bar) listing() string {
	if b.total == 0 {
		return fmt.Sprintf("%s: waiting for the API server, %s", b.listed, b.last.Sub(b.start).Round(time.Second))
	}
	return fmt.Sprintf("%s: %d of %d", b.listed, b.done, b.total)
}

// left is how long the rest will take, 0 if that cannot be told.
func (b *bar) left() time.Duration {
	rest, took := b.total-b.done, b.last.Sub(b.start)
	if rest <= 0 || b.done <= 0 || took <= 0 {
		return 0
	}
	left := time.Duration(float64(took) / float64(b.done) * float64(rest))
	return max(left.Round(time.Second), time.Second)
}

// listing shows how a list of a cluster goes on, also while nothing is heard of it,
// until the function that it returns is called.
func (c *console) listing() (end func()) {
	if c.bar == nil {
		return func() {}
	}
	c.list(cluster.Progress{Resource: "version"})
	done := make(chan struct{})
	var ticking sync.WaitGroup
	ticking.Go(func() {
		ticker := time.NewTicker(barEvery)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				c.bar.mu.Lock()
				c.draw()
				c.bar.mu.Unlock()
			}
		}
	})
	return func() {
		close(done)
		ticking.Wait()
		c.clear()
	}
}

// list shows how far the list of a resource is.
func (c *console) list(p cluster.Progress) {
	if c.bar == nil {
		return
	}
	c.bar.mu.Lock()
	defer c.bar.mu.Unlock()
	if c.bar.listed != p.Resource {
		c.bar.listed, c.bar.start = p.Resource, c.bar.now()
	}
	c.bar.done, c.bar.total = int64(p.Done), int64(p.Total)
	c.draw()
}

// clear takes the bar away.
func (c *console) clear() {
	if c.bar == nil {
		return
	}
	c.bar.mu.Lock()
	defer c.bar.mu.Unlock()
	c.wipe()
}

// wipe is clear for who holds the lock.
func (c *console) wipe() {
	if c.bar != nil && c.bar.shown {
		c.bar.shown = false
		_, _ = fmt.Fprint(c.w, "\r\x1b[K")
	}
}

// watch returns the file such that the bar follows its being read.
func (c *console) watch(f *os.File) io.Reader {
	stream := watchedStream{f, c}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return stream
	}
	return watchedFile{stream, f, f}
}

// watchedStream is a file that is read once.
type watchedStream struct {
	in      io.Reader
	console *console
}

// Read counts what it reads.
func (s watchedStream) Read(p []byte) (int, error) {
	n, err := s.in.Read(p)
	s.console.advance(int64(n))
	return n, err
}

// watchedFile is one that may be read again; only the first time counts.
type watchedFile struct {
	watchedStream
	io.ReaderAt
	io.Seeker
}
