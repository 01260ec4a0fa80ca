package cluster

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// AuditEvent is what the audit log says of one request, as far as tests read it.
type AuditEvent struct {
	// AuditID is the header Audit-ID of the request, or one that the API server
	// has made.
	AuditID    string `json:"auditID"`
	Verb       string `json:"verb"`
	RequestURI string `json:"requestURI"`
	User       struct {
		Username string `json:"username"`
	} `json:"user"`
	ResponseStatus struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"responseStatus"`
	Annotations map[string]string `json:"annotations"`
}

// AuditLog reads the audit log of a cluster from front to back.
type AuditLog struct {
	path   string
	offset int64
}

// AuditLog returns a reader of the log that Options.AuditPolicy asks for.
func (c *Cluster) AuditLog() *AuditLog { return &AuditLog{path: c.file(auditLogFile)} }

// Next returns the events that were written since the last call. Those of a
// request that has been answered are there.
func (l *AuditLog) Next() ([]AuditEvent, error) {
	file, err := os.Open(l.path)
	if errors.Is(err, fs.ErrNotExist) { // nothing has been logged yet
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // only read
	data, err := io.ReadAll(io.NewSectionReader(file, l.offset, 1<<62))
	if err != nil {
		return nil, fmt.Errorf("reading the audit log: %w", err)
	}
	var events []AuditEvent
	for {
		end := bytes.IndexByte(data, '\n')
		if end < 0 { // the rest is being written
			return events, nil
		}
		var e AuditEvent
		if err := json.Unmarshal(data[:end], &e); err != nil {
			return nil, fmt.Errorf("reading the audit log: %w", err)
		}
		events = append(events, e)
		data = data[end+1:]
		l.offset += int64(end) + 1
	}
}
