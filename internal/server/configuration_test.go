package server

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/pss"
)

// configurationOf is a file that enforces a level by default.
func configurationOf(level string) string {
	return "apiVersion: pod-security.admission.config.k8s.io/v1\nkind: PodSecurityConfiguration\ndefaults:\n  enforce: " + level + "\n"
}

func TestAConfigurationIsReplacedByWhatTheFileHoldsForAWhile(t *testing.T) {
	t.Parallel()
	const half = "apiVersion: pod-security.admission.config.k8s.io/v1\nkind: PodSecurityConfiguration\n"
	broken := configurationOf("lax")
	for name, c := range map[string]struct {
		begin    string
		readings []string // of the file, one after the other; the last one stays
		looks    int
		want     pss.Level // that is enforced in the end
		reloads  string    // what was recorded: + is a success
		log      string
	}{
		"the same file":                   {configurationOf("baseline"), []string{configurationOf("baseline")}, 2, pss.Baseline, "", ""},
		"a new file":                      {configurationOf("baseline"), []string{configurationOf("restricted")}, 2, pss.Restricted, "+", "is in use"},
		"a file of which half is written": {configurationOf("baseline"), []string{half, configurationOf("restricted")}, 1, pss.Baseline, "", ""},
		"that file when it is written":    {configurationOf("baseline"), []string{half, configurationOf("restricted")}, 2, pss.Restricted, "+", "is in use"},
		"a file that is emptied":          {configurationOf("baseline"), []string{""}, 3, pss.Baseline, "-", "c.yaml says nothing of Pod Security: for the defaults, write"},
		"a file for other plugins": {
			configurationOf("baseline"), []string{"apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins: [{name: PodSecurty}]\n"}, 3,
			pss.Baseline, "-", "c.yaml says nothing of Pod Security",
		},
		"a file that is emptied to be written":   {configurationOf("baseline"), []string{"", configurationOf("restricted")}, 3, pss.Restricted, "+", "is in use"},
		"a file that was empty from the start":   {"", []string{""}, 2, pss.Privileged, "", ""},
		"a broken file, reported once":           {configurationOf("baseline"), []string{broken}, 3, pss.Baseline, "-", "must be one of privileged, baseline, restricted"},
		"a broken file that is well again":       {configurationOf("baseline"), []string{broken, broken, configurationOf("baseline")}, 3, pss.Baseline, "-+", "is in use"},
		"a file that is gone":                    {configurationOf("baseline"), []string{"gone"}, 3, pss.Baseline, "-", "no such file"},
		"the defaults, written out":              {configurationOf("baseline"), []string{half}, 2, pss.Privileged, "+", "is in use"},
		"an empty file where a default was used": {half, []string{""}, 2, pss.Privileged, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			used, err := admission.ParseConfig([]byte(c.begin), nil)
			if err != nil {
				t.Fatal(err)
			}
			var log strings.Builder
			reloads := ""
			f := configurationFollower{
				file: "c.yaml",
				readFile: func(string) ([]byte, error) {
					text := c.readings[0]
					c.readings = c.readings[min(1, len(c.readings)-1):]
					if text == "gone" {
						return nil, errors.New("no such file")
					}
					return []byte(text), nil
				},
				wait: func(context.Context, time.Duration) {},
				set:  func(admission.Config) error { return nil },
				reloaded: func(success bool) {
					reloads += map[bool]string{true: "+", false: "-"}[success]
				},
				log:  slog.New(slog.NewTextHandler(&log, nil)),
				used: used, last: configurationReading{config: used},
			}
			for range c.looks {
				f.look(t.Context())
			}
			if got := f.used.Defaults.Enforce.Level; got != c.want || reloads != c.reloads {
				t.Errorf("it enforces %s after reloads %q, want %s and %q", got, reloads, c.want, c.reloads)
			}
			if !strings.Contains(log.String(), c.log) || c.log == "" && log.Len() > 0 {
				t.Errorf("the log has %q, want %q", log.String(), c.log)
			}
		})
	}
}
