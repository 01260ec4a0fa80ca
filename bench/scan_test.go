package main

import (
	"encoding/json"
	"fmt"
	"testing"
)

// BenchmarkScan reads what is measured beside a scan, so that a profile shows where
// the time goes.
func BenchmarkScan(b *testing.B) {
	_, g, err := sides()
	if err != nil {
		b.Fatal(err)
	}
	for _, size := range scanSizes() {
		text, err := podText(size<<10, json.Marshal)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("%d_KB/verdict", size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := g.judgeJSON(text); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("%d_KB/scan", size), func(b *testing.B) {
			for b.Loop() {
				if structuralScan(text) != 0 {
					b.Fatal("the scan lost count")
				}
			}
		})
	}
}
