package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// The plot's measures, in pixels.
const (
	plotWidth, plotHeight   = 720, 420
	plotLeft, plotRight     = 70, 150 // room for the labels
	plotTop, plotBottom     = 40, 50
	plotInnerX, plotInnerY  = plotWidth - plotLeft - plotRight, plotHeight - plotTop - plotBottom
	plotLabelGap, plotPoint = 13, 3
)

// plot draws curves as SVG, both axes logarithmic: equal factors are equal
// lengths. A line that is straight and rises by 45 degrees grows as its text.
func plot(title string, curves []curve) string {
	x, y := axes(curves)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/>`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(&b, `<text x="%d" y="20" font-size="14">%s</text>`+"\n", plotLeft, html.EscapeString(title))
	for _, v := range x.ticks(2) {
		at := plotLeft + x.at(v)*plotInnerX
		fmt.Fprintf(&b, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#ddd"/>`+"\n", at, plotTop, at, plotTop+plotInnerY)
		fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle">%g KB</text>`+"\n", at, plotTop+plotInnerY+20, v/1024)
	}
	for _, v := range y.ticks(10) {
		at := plotTop + (1-y.at(v))*plotInnerY
		fmt.Fprintf(&b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#ddd"/>`+"\n", plotLeft, at, plotLeft+plotInnerX, at)
		fmt.Fprintf(&b, `<text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n", plotLeft-8, at+4, tick(v))
	}
	colours := []string{"#b35806", "#e08214", "#2166ac", "#4393c3", "#777777"}
	last := math.Inf(-1)
	for i, c := range curves {
		colour := colours[i%len(colours)]
		var line []string
		for _, p := range c.points {
			px, py := plotLeft+x.at(p.bytes)*plotInnerX, plotTop+(1-y.at(p.cost))*plotInnerY
			line = append(line, fmt.Sprintf("%.1f,%.1f", px, py))
			fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="%d" fill="%s"/>`+"\n", px, py, plotPoint, colour)
		}
		fmt.Fprintf(&b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.Join(line, " "), colour)
		// The names come from above to below, so that none covers another one.
		end := c.points[len(c.points)-1]
		last = max(plotTop+(1-y.at(end.cost))*plotInnerY+4, last+plotLabelGap)
		fmt.Fprintf(&b, `<text x="%d" y="%.1f" fill="%s">%s</text>`+"\n", plotLeft+plotInnerX+8, last, colour, html.EscapeString(c.name))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// axis is the range of a logarithmic axis.
type axis struct{ low, high float64 }

// at is where a value stands, from 0 to 1.
func (a axis) at(v float64) float64 { return math.Log(v/a.low) / math.Log(a.high/a.low) }

// ticks are the values between which lies always the same factor.
func (a axis) ticks(factor float64) (values []float64) {
	for v := a.low; v <= a.high*1.001; v *= factor {
		values = append(values, v)
	}
	return values
}

// axes are wide enough for all points: bytes in powers of two, costs in powers
// of ten.
func axes(curves []curve) (x, y axis) {
	x, y = axis{math.Inf(1), 0}, axis{math.Inf(1), 0}
	for _, c := range curves {
		for _, p := range c.points {
			x = axis{min(x.low, p.bytes), max(x.high, p.bytes)}
			y = axis{min(y.low, p.cost), max(y.high, p.cost)}
		}
	}
	return axis{math.Exp2(math.Floor(math.Log2(x.low))), math.Exp2(math.Ceil(math.Log2(x.high)))},
		axis{math.Pow10(int(math.Floor(math.Log10(y.low)))), math.Pow10(int(math.Ceil(math.Log10(y.high))))}
}

// tick writes nanoseconds that are a power of ten.
func tick(v float64) string {
	if v >= 1e6 {
		return fmt.Sprintf("%g ms", v/1e6)
	}
	return fmt.Sprintf("%g µs", v/1e3)
}
