package plan

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/gabion-security/gabion/pss"
)

// AuditLog gathers what the audit logs of an API server show of Pod Security
// admission: of the built-in plugin, and of Gabion's webhook. The zero AuditLog
// is empty and ready to read.
type AuditLog struct {
	// Since leaves out what is older.
	Since time.Time
	// Events are the lines that were read, Violations those of them that show a
	// violation, and Malformed those that are no audit events.
	Events, Violations, Malformed int

	spaces map[string]*logged
}

// logged is what audit logs show of one namespace.
type logged struct {
	objects map[subject]*sighting
	// enforced is the newest policy shown to be enforced.
	enforced   pss.LevelVersion
	enforcedAt time.Time
}

// sighting is a violation in the log.
type sighting struct {
	policy   pss.LevelVersion
	sentence string
	last     time.Time
	seen     int
	denied   bool
}

// event is what is read of an audit event.
type event struct {
	Kind       string `json:"kind"`
	APIVersion string `json:"apiVersion"`
	Stage      string `json:"stage"`
	RequestURI string `json:"requestURI"`
	User       struct {
		Username string `json:"username"`
	} `json:"user"`
	ObjectRef struct {
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
		APIGroup    string `json:"apiGroup"`
		APIVersion  string `json:"apiVersion"`
	} `json:"objectRef"`
	ResponseStatus struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"responseStatus"`
	RequestObject struct {
		Metadata struct {
			GenerateName    string `json:"generateName"`
			OwnerReferences []struct {
				APIVersion string `json:"apiVersion"`
				Kind       string `json:"kind"`
				Name       string `json:"name"`
				Controller bool   `json:"controller"`
			} `json:"ownerReferences"`
		} `json:"metadata"`
	} `json:"requestObject"`
	StageTimestamp time.Time         `json:"stageTimestamp"`
	Annotations    map[string]string `json:"annotations"`
}

// maxEvent is the longest line that can be an event: API servers take requests
// of a few MiB, and write them with the response.
const maxEvent = 32 << 20

// Read reads a log: JSON lines, or the same compressed by gzip. Lines that are no
// events are counted, not an error.
func (l *AuditLog) Read(r io.Reader) error {
	in := bufio.NewReaderSize(r, 1<<20)
	if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return fmt.Errorf("not gzip: %w", err)
		}
		defer func() { _ = z.Close() }() // it was only read
		in = bufio.NewReaderSize(z, 1<<20)
	}
	var long []byte
	for {
		part, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			if len(long) <= maxEvent {
				long = append(long, part...)
			}
			continue
		}
		if len(long) > 0 {
			long = append(long, part...)
			part = long
		}
		l.line(part)
		long = long[:0]
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err //nolint:wrapcheck // the caller names the file
		}
	}
}

// line takes one line. Only those that speak of Pod Security are decoded.
func (l *AuditLog) line(line []byte) {
	line = bytes.TrimSpace(line)
	switch {
	case len(line) == 0:
		return
	case len(line) > maxEvent, line[0] != '{', line[len(line)-1] != '}':
		l.Malformed++
		return
	case !bytes.Contains(line, []byte("audit-violations")) && !bytes.Contains(line, []byte("enforce-policy")):
		l.Events++
		return
	}
	var e event
	err := json.Unmarshal(line, &e)
	if err != nil || e.Kind != "Event" || !strings.HasPrefix(e.APIVersion, "audit.k8s.io/") || l.event(&e) != nil {
		l.Malformed++
		return
	}
	l.Events++
}

// event takes an event that happened: once, at its end, and not as a rehearsal.
func (l *AuditLog) event(e *event) error {
	if e.Stage != "ResponseComplete" || e.ObjectRef.Namespace == "" || e.StageTimestamp.Before(l.Since) ||
		strings.Contains(e.RequestURI, "dryRun=All") {
		return nil
	}
	if text, ok := annotation(e, "enforce-policy"); ok && e.ObjectRef.Resource == "pods" {
		lv, err := parsePolicy(text)
		if err != nil {
			return err
		}
		if s := l.space(e.ObjectRef.Namespace); !e.StageTimestamp.Before(s.enforcedAt) {
			s.enforced, s.enforcedAt = lv, e.StageTimestamp
		}
	}
	failed := e.ResponseStatus.Code >= 400
	if failed && controllerOf(e) == "" {
		return nil // somebody tried, and nothing came of it
	}
	text, ok := annotation(e, "audit-violations")
	denied := failed && strings.Contains(e.ResponseStatus.Message, `violates PodSecurity "`)
	if denied {
		text, ok = e.ResponseStatus.Message, true
	}
	if !ok || failed && !denied {
		return nil
	}
	policy, sentence, err := parseSentence(text)
	if err != nil {
		return err
	}
	l.Violations++
	l.space(e.ObjectRef.Namespace).see(subjectOf(e), sighting{
		policy: policy, sentence: sentence, last: e.StageTimestamp, denied: denied,
	})
	return nil
}

// annotation returns an annotation of the plugin, or else of Gabion's webhook.
func annotation(e *event, key string) (string, bool) {
	if text, ok := e.Annotations["pod-security.kubernetes.io/"+key]; ok {
		return text, true
	}
	for name, text := range e.Annotations {
		if strings.HasSuffix(name, ".pod-security.gabion.io/"+key) {
			return text, true
		}
	}
	return "", false
}

// parsePolicy reads LEVEL:VERSION.
func parsePolicy(text string) (pss.LevelVersion, error) {
	level, version, _ := strings.Cut(text, ":")
	l, err := pss.ParseLevel(level)
	if err != nil {
		return pss.LevelVersion{}, err
	}
	v, err := pss.ParseVersion(version)
	return pss.LevelVersion{Level: l, Version: v}, err
}

var errSentence = errors.New("not a sentence of Pod Security admission")

// parseSentence reads `… violate PodSecurity "LEVEL:VERSION": what is wrong`.
func parseSentence(text string) (pss.LevelVersion, string, error) {
	_, rest, ok := strings.Cut(text, `PodSecurity "`)
	policy, sentence, ok2 := strings.Cut(rest, `": `)
	if !ok || !ok2 {
		return pss.LevelVersion{}, "", errSentence
	}
	lv, err := parsePolicy(policy)
	return lv, sentence, err
}

func (l *AuditLog) space(name string) *logged {
	if l.spaces == nil {
		l.spaces = map[string]*logged{}
	}
	if l.spaces[name] == nil {
		l.spaces[name] = &logged{objects: map[subject]*sighting{}}
	}
	return l.spaces[name]
}

// enforced returns the policy that the log shows to be enforced in a namespace.
func (l *AuditLog) enforced(namespace string) (pss.LevelVersion, bool) {
	s := l.spaces[namespace]
	if s == nil || !s.enforced.Level.Valid() {
		return pss.LevelVersion{}, false
	}
	return s.enforced, true
}

// maxSubjects is how many objects of one namespace are kept apart.
const maxSubjects = 1000

// see counts a violation of a subject. The newest sentence counts; among too many
// subjects, all that are left are one.
func (s *logged) see(who subject, what sighting) {
	if _, ok := s.objects[who]; !ok && len(s.objects) >= maxSubjects {
		who = subject{kind: "Pod", name: othersName}
	}
	known := s.objects[who]
	if known == nil {
		known = &sighting{}
		s.objects[who] = known
	}
	what.seen = known.seen + 1
	what.denied = what.denied || known.denied
	switch {
	case what.last.Before(known.last):
		known.seen, known.denied = what.seen, what.denied
	case who.name == othersName && known.seen > 0 && bears(known) < bears(&what):
		known.seen, known.denied, known.last = what.seen, what.denied, what.last
	default:
		*known = what
	}
}
