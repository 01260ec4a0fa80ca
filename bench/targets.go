package main

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// target is something that is wanted of what is measured.
type target struct {
	what    string
	bound   bound
	reached []reached // all of them have to be within it
}

// reached is one figure, with the name of what it is of.
type reached struct {
	of    string
	value float64
}

// bound is what a figure may be.
type bound struct {
	words string // "at least", "at most" or "under"
	value float64
	unit  string
}

func atLeast(value float64) bound            { return bound{"at least", value, "x"} }
func atMost(value float64) bound             { return bound{"at most", value, "x"} }
func under(value float64, unit string) bound { return bound{"under", value, " " + unit} }

func (b bound) holds(value float64) bool {
	switch b.words {
	case "at least":
		return value >= b.value
	case "at most":
		return value <= b.value
	default:
		return value < b.value
	}
}

// text writes a value with the bound's unit, and with as many digits as it takes to
// see on which side of the bound it is.
func (b bound) text(value float64) string {
	if value >= 100 {
		return fmt.Sprint(math.Round(value*10)/10) + b.unit
	}
	text := fmt.Sprintf("%.3g", value)
	for digits := 4; value != b.value && text == fmt.Sprintf("%.3g", b.value); digits++ {
		text = fmt.Sprintf("%.*g", digits, value)
	}
	return text + b.unit
}

// worst returns the figure that is farthest on the wrong side.
func (t *target) worst() reached {
	worst := t.reached[0]
	for _, r := range t.reached {
		if t.bound.words == "at least" && r.value < worst.value || t.bound.words != "at least" && r.value > worst.value {
			worst = r
		}
	}
	return worst
}

// within counts the figures that are within the bound.
func (t *target) within() int {
	n := 0
	for _, r := range t.reached {
		if t.bound.holds(r.value) {
			n++
		}
	}
	return n
}

// demandMeasured fails unless there are figures for every target. Zero is one only
// where it is wanted.
func demandMeasured(list []target) error {
	for _, t := range list {
		if len(t.reached) == 0 {
			return fmt.Errorf("nothing was measured of a target: %s", t.what)
		}
		for _, r := range t.reached {
			if !(r.value > 0 || r.value == 0 && t.bound.value == 0) || math.IsInf(r.value, 1) {
				return fmt.Errorf("%s %s: measured %v", t.what, r.of, r.value)
			}
		}
	}
	return nil
}

// far is by which factor a target may be missed: by more, something is broken.
const far = 3

// demandNear says which targets are missed by far.
func demandNear(list []target) error {
	var faults []error
	for i := range list {
		t := &list[i]
		worst := t.worst()
		near := bound{t.bound.words, t.bound.value * far, t.bound.unit}
		if t.bound.words == "at least" {
			near.value = t.bound.value / far
		}
		if !near.holds(worst.value) {
			faults = append(faults, fmt.Errorf("%s %s: %s is far from %s %s", t.what, worst.of, t.bound.text(worst.value), t.bound.words, t.bound.text(t.bound.value)))
		}
	}
	return errors.Join(faults...)
}

// renderTargets writes what is wanted beside what was reached.
func renderTargets(list []target) string {
	var b strings.Builder
	b.WriteString("\nWhat is aimed at, and what this run reached, by the medians; of several figures the worst:\n\n")
	table := [][]string{{"target", "bound", "reached", "met"}}
	for i := range list {
		t := &list[i]
		worst, within, met := t.worst(), t.within(), "no"
		text := t.bound.text(worst.value)
		if len(t.reached) > 1 {
			text += " (" + worst.of + ")"
		}
		switch {
		case within == len(t.reached):
			met = "yes"
		case within > 0:
			met = fmt.Sprintf("no (%d of %d are)", within, len(t.reached))
		}
		table = append(table, []string{t.what, t.bound.words + " " + t.bound.text(t.bound.value), text, met})
	}
	writeTable(&b, table)
	return b.String()
}
