package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"sigs.k8s.io/yaml"
)

// curveSizes are the sizes of the pods whose cost is drawn, in KB.
func curveSizes() []int { return []int{1, 2, 4, 8, 16, 32, 64} }

// curve is the cost of one way to a verdict, or of a scan, by size.
type curve struct {
	name   string
	points []point
}

// point is what so many bytes cost, in nanoseconds.
type point struct{ bytes, cost float64 }

// scanRow is what reading JSON costs beside a scan of the same bytes.
type scanRow struct {
	name       string
	scan, read sample
	times      sample // read over scan
}

// scanSizes are the sizes for which that is told in numbers, in KB.
func scanSizes() []int { return []int{1, 4, 16} }

// measureScans measures reading JSON and a scan in turn.
func measureScans(g gabion, rounds int) ([]scanRow, error) {
	var list []comparison
	for _, size := range scanSizes() {
		text, err := podText(size<<10, json.Marshal)
		if err != nil {
			return nil, err
		}
		if _, err := g.judgeJSON(text); err != nil {
			return nil, err
		}
		if structuralScan(text) != 0 {
			return nil, errors.New("the scan lost count")
		}
		list = append(list, comparison{
			name:     fmt.Sprintf("%.1f KB", float64(len(text))/1024),
			upstream: timed(text, g.judgeJSON), // what is compared with the scan
			gabion:   func() verdict { return verdict{allowed: structuralScan(text) == 0} },
		})
	}
	var rows []scanRow
	for _, r := range measure(list, rounds) {
		rows = append(rows, scanRow{r.name, r.gabion.time, r.upstream.time, r.ratio})
	}
	return rows, nil
}

// structuralScan counts how many brackets of a JSON text stay open, and minds
// that those in strings do not count. It checks nothing.
func structuralScan(text []byte) (depth int) {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			if i = quoteEnd(text, i); i < 0 {
				return -1
			}
		}
	}
	return depth
}

// quoteEnd returns where the string ends whose quote is at i, -1 if it does not.
func quoteEnd(text []byte, i int) int {
	for {
		n := bytes.IndexByte(text[i+1:], '"')
		if n < 0 {
			return -1
		}
		if i += n + 1; !escapedAt(text, i) {
			return i
		}
	}
}

// escapedAt reports whether an odd number of backslashes stands before i.
func escapedAt(text []byte, i int) (escaped bool) {
	for i--; i >= 0 && text[i] == '\\'; i-- {
		escaped = !escaped
	}
	return escaped
}

func podText(size int, marshal func(any) ([]byte, error)) ([]byte, error) {
	pod, err := podOfSize(size)
	if err != nil {
		return nil, err
	}
	return marshal(pod)
}

// measureCurves measures how the cost of a verdict grows with the text.
func measureCurves(u upstream, g gabion, rounds int) ([]curve, error) {
	curves := []curve{
		{name: "YAML, upstream"}, {name: "JSON, upstream"}, {name: "YAML, gabion"}, {name: "JSON, gabion"}, {name: "scan of the JSON"},
	}
	for _, size := range curveSizes() {
		asJSON, err := podText(size<<10, json.Marshal)
		if err != nil {
			return nil, err
		}
		asYAML, err := podText(size<<10, yaml.Marshal)
		if err != nil {
			return nil, err
		}
		scan := func() verdict { return verdict{allowed: structuralScan(asJSON) == 0} }
		rows := measure([]comparison{
			{upstream: timed(asYAML, u.judgeYAML), gabion: timed(asYAML, g.judgeYAML)},
			{upstream: timed(asJSON, u.judgeJSON), gabion: timed(asJSON, g.judgeJSON)},
			{upstream: scan, gabion: scan},
		}, rounds)
		for i, p := range []point{
			{float64(len(asYAML)), rows[0].upstream.time.median}, {float64(len(asJSON)), rows[1].upstream.time.median},
			{float64(len(asYAML)), rows[0].gabion.time.median}, {float64(len(asJSON)), rows[1].gabion.time.median},
			{float64(len(asJSON)), rows[2].gabion.time.median},
		} {
			curves[i].points = append(curves[i].points, p)
		}
	}
	return curves, nil
}
