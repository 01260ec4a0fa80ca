package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// mostStreaming is how many MiB gabion check may have in memory, however much it
// reads.
const mostStreaming = 190 // 199 MB

// streamed is what it took to judge a stream of pods.
type streamed struct {
	bytes  int64
	pods   int
	memory float64 // resident at most, MiB
	took   time.Duration
}

// stream has the program judge a List of pods that is as long as was asked for,
// as kubectl get pods -A -o json prints one, from a pipe. Every hundredth fails,
// and the program must say so of as many.
func stream(ctx context.Context, program string, size int64) (s streamed, err error) {
	cmd := exec.CommandContext(ctx, program, "check", "--level=restricted", "-o", "name", "-")
	in, err := cmd.StdinPipe()
	if err != nil {
		return s, err
	}
	var failing lines
	var faults bytes.Buffer
	cmd.Stdout, cmd.Stderr = &failing, &faults
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return s, err
	}
	// What comes by a pipe is judged when its end has come, so that it is looked at what
	// the program has in memory until it has ended.
	ending, most := make(chan struct{}), make(chan float64)
	go func() { most <- atMostUntil(ending, cmd.Process.Pid) }()
	err = errors.Join(s.write(in, size), in.Close())
	ended := cmd.Wait()
	close(ending)
	if s.memory = <-most; s.memory == 0 {
		err = errors.Join(err, errors.New("what the program had resident could not be read"))
	}
	s.took = time.Since(start)
	var exit *exec.ExitError
	if ended != nil && (!errors.As(ended, &exit) || exit.ExitCode() != 1) { // 1: there are pods that fail
		return s, fmt.Errorf("%w: %s", errors.Join(ended, err), faults.Bytes())
	}
	if want := (s.pods + everyFails - 1) / everyFails; err == nil && int(failing) != want {
		err = fmt.Errorf("gabion finds %d pods that fail of %d; there are %d", failing, s.pods, want)
	}
	return s, err
}

// atMostUntil returns how many MiB a process had resident at most until then.
func atMostUntil(ending <-chan struct{}, pid int) (most float64) {
	for {
		if now, err := memoryOf(pid, "VmHWM"); err == nil { // it is an error when it has ended
			most = max(most, now)
		}
		select {
		case <-ending:
			return most
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// write writes the List, with its members in kubectl's order.
func (s *streamed) write(to io.Writer, size int64) error {
	pod, err := podOfSize(4 << 10)
	if err != nil {
		return err
	}
	pod.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}
	pod.Name = "name-of-the-pod"
	var texts [2][]byte // one that fails, one that passes
	for i := range texts {
		pod.Spec.HostNetwork = i == 0
		if texts[i], err = json.MarshalIndent(pod, "        ", "    "); err != nil {
			return err
		}
	}
	const (
		begin = "{\n    \"apiVersion\": \"v1\",\n    \"items\": [\n        "
		end   = "\n    ],\n    \"kind\": \"List\",\n    \"metadata\": {\n        \"resourceVersion\": \"\"\n    }\n}\n"
	)
	if _, err := io.WriteString(to, begin); err != nil {
		return err
	}
	var piece bytes.Buffer
	for ; s.bytes < size; s.pods++ {
		text := texts[min(s.pods%everyFails, 1)]
		if s.pods > 0 {
			piece.WriteString(",\n        ")
		}
		piece.Write(bytes.Replace(text, []byte(pod.Name), fmt.Appendf(nil, "pod-%011d", s.pods), 1))
		s.bytes += int64(len(text))
		if piece.Len() < 1<<18 && s.bytes < size {
			continue
		}
		if _, err := piece.WriteTo(to); err != nil {
			return err
		}
	}
	_, err = io.WriteString(to, end)
	return err
}

// lines counts lines, and forgets them.
type lines int

// Write counts.
func (l *lines) Write(text []byte) (int, error) {
	*l += lines(bytes.Count(text, []byte("\n")))
	return len(text), nil
}
