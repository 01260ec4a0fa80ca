package report

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/gabion-security/gabion/oracle/report/browser"
)

// screen is what somebody looks at the page with.
type screen struct {
	name          string
	scheme        string
	width, height int64
	phone         bool
}

func screens() []screen {
	return []screen{
		{"desktop-light", "light", 1280, 900, false}, {"desktop-dark", "dark", 1280, 900, false},
		{"phone-light", "light", 390, 844, true}, {"phone-dark", "dark", 390, 844, true},
	}
}

// heard is what a browser says while it shows a page.
type heard struct {
	mu       sync.Mutex
	requests []string
	faults   []string
}

func (h *heard) listen(ctx context.Context) {
	chromedp.ListenTarget(ctx, func(event any) {
		h.mu.Lock()
		defer h.mu.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			h.requests = append(h.requests, e.Request.URL)
		case *runtime.EventExceptionThrown:
			h.faults = append(h.faults, e.ExceptionDetails.Error())
		case *cdplog.EventEntryAdded:
			h.faults = append(h.faults, e.Entry.Text)
		}
	})
}

// serve serves the pages, each by its name.
func serve(t *testing.T, pages map[string][]byte) string {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, ok := pages[strings.TrimPrefix(r.URL.Path, "/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page) // the browser says if it is missing
	}))
	must(t, s.Listener.Close())
	s.Listener = listener
	s.Start()
	t.Cleanup(s.Close)
	return s.URL + "/"
}

// TestThePageCanBeReadAndSortedInABrowser looks at the page as people do. With
// GABION_SCREENSHOTS it leaves pictures in that directory.
func TestThePageCanBeReadAndSortedInABrowser(t *testing.T) {
	pages := documents(t, "html")
	url := serve(t, pages)
	ctx, end, err := browser.Start(t.Context(), t.TempDir())
	must(t, err)
	defer end()
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	var h heard
	h.listen(ctx)
	must(t, chromedp.Run(ctx, network.Enable(), cdplog.Enable()))
	var names []string
	for name := range pages {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, s := range screens() {
			look(ctx, t, url, name, s)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, request := range h.requests {
		if page, own := strings.CutPrefix(request, url); request != "data:," && (!own || pages[strings.ReplaceAll(page, "%20", " ")] == nil) {
			t.Errorf("a request left the page: %s", request)
		}
	}
	if len(h.requests) < len(names) {
		t.Errorf("only %d requests were seen for %d pages", len(h.requests), len(names))
	}
	for _, fault := range h.faults {
		t.Errorf("the browser complains: %s", fault)
	}
}

// look looks at one page on one screen.
func look(ctx context.Context, t *testing.T, url, name string, s screen) {
	t.Helper()
	var width, inner float64
	var paper string
	var picture []byte
	err := chromedp.Run(ctx,
		chromedp.EmulateViewport(s.width, s.height, func(p *emulation.SetDeviceMetricsOverrideParams, _ *emulation.SetTouchEmulationEnabledParams) {
			p.Mobile = s.phone
		}),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: s.scheme}}),
		chromedp.Navigate(url+strings.ReplaceAll(name, " ", "%20")),
		chromedp.Evaluate(`document.documentElement.scrollWidth`, &width),
		chromedp.Evaluate(`innerWidth`, &inner),
		chromedp.Evaluate(`getComputedStyle(document.body).backgroundColor`, &paper),
		chromedp.CaptureScreenshot(&picture),
	)
	if err != nil {
		t.Fatalf("%s, %s: %v", name, s.name, err)
	}
	if width > inner {
		t.Errorf("%s, %s: the page is %.0f wide on a screen of %.0f", name, s.name, width, inner)
	}
	if want := map[string]string{"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[s.scheme]; paper != want {
		t.Errorf("%s, %s: the page is %s, want %s", name, s.name, paper, want)
	}
	if dir := os.Getenv("GABION_SCREENSHOTS"); dir != "" {
		must(t, os.WriteFile(filepath.Join(dir, name+"-"+s.name+".png"), picture, 0o600))
	}
	if name == "examples" {
		sorts(ctx, t, s)
		filters(ctx, t, s)
	}
}

// column reads a column of the matrix, rows that are hidden left out.
const column = `[...document.querySelectorAll('#matrix tbody tr')].filter((r) => !r.hidden).map((r) => r.cells[%d].textContent)`

func cells(ctx context.Context, t *testing.T, n string) (all []string) {
	t.Helper()
	must(t, chromedp.Run(ctx, chromedp.Evaluate(strings.Replace(column, "%d", n, 1), &all)))
	return all
}

// sorts sorts the matrix by mouse and by keyboard.
func sorts(ctx context.Context, t *testing.T, s screen) {
	t.Helper()
	const names = `#matrix thead th:nth-child(1) button`
	before := cells(ctx, t, "0")
	must(t, chromedp.Run(ctx, chromedp.Evaluate(`document.querySelector('`+names+`').click()`, nil)))
	up := cells(ctx, t, "0")
	if len(up) < 20 || slices.Equal(before, up) || !slices.IsSortedFunc(up, strings.Compare) {
		t.Errorf("%s: not sorted by name: %q", s.name, up)
	}
	var state string
	must(t, chromedp.Run(ctx,
		chromedp.Focus(names, chromedp.ByQuery), chromedp.KeyEvent(kb.Enter),
		chromedp.AttributeValue(`#matrix thead th:nth-child(1)`, "aria-sort", &state, nil, chromedp.ByQuery)))
	down := cells(ctx, t, "0")
	slices.Reverse(down)
	if state != "descending" || !slices.IsSortedFunc(down, strings.Compare) {
		t.Errorf("%s: %s by the keyboard: %q", s.name, state, down)
	}
	must(t, chromedp.Run(ctx, chromedp.Evaluate(`document.querySelector('#matrix thead th:nth-child(4) button').click()`, nil)))
	if worst := cells(ctx, t, "3"); worst[0] == "" || worst[len(worst)-1] != "" {
		t.Errorf("%s: a control's worst objects are not on top: %q", s.name, worst)
	}
}

// filters leaves out rows.
func filters(ctx context.Context, t *testing.T, s screen) {
	t.Helper()
	all := len(cells(ctx, t, "2"))
	must(t, chromedp.Run(ctx, chromedp.Evaluate(`document.getElementById('failing').click()`, nil)))
	failing := cells(ctx, t, "2")
	if len(failing) == 0 || len(failing) >= all || slices.Contains(failing, "pass") {
		t.Errorf("%s: of %d rows, these are said to fail: %q", s.name, all, failing)
	}
	must(t, chromedp.Run(ctx, chromedp.Focus("#filter", chromedp.ByQuery), chromedp.KeyEvent("daemonset")))
	for _, name := range cells(ctx, t, "0") {
		if !strings.HasPrefix(name, "daemonset") {
			t.Errorf("%s: %s is shown for daemonset", s.name, name)
		}
	}
}
