package report

import (
	"regexp"
	"strconv"
	"testing"

	"github.com/joshdk/go-junit"
)

func TestJUnitIsReadAsItWasMeant(t *testing.T) {
	t.Parallel()
	counts := regexp.MustCompile(`<testsuites name="gabion" tests="(\d+)" failures="(\d+)" errors="(\d+)">`)
	total := 0
	for name, text := range documents(t, "junit") {
		suites, err := junit.Ingest(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got [3]int
		for _, suite := range suites {
			for _, test := range suite.Tests {
				got[0]++
				switch test.Status {
				case junit.StatusFailed:
					got[1]++
				case junit.StatusError:
					got[2]++
				case junit.StatusPassed, junit.StatusSkipped:
				}
				if (test.Status == junit.StatusFailed || test.Status == junit.StatusError) && test.Message == "" {
					t.Errorf("%s: %s fails without a message", name, test.Name)
				}
			}
		}
		said := counts.FindSubmatch(text)
		for i := range got {
			if n, err := strconv.Atoi(string(said[i+1])); err != nil || n != got[i] {
				t.Errorf("%s: it says %s, but a reader counts %d", name, said[i+1], got[i])
			}
		}
		total += got[0]
	}
	if total < 100 {
		t.Errorf("only %d tests were seen", total)
	}
}
