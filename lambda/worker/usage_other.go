//go:build !unix

package worker

// Elsewhere than on Unix nothing is measured.

func cpuSeconds() float64   { return 0 }
func peakMemory() int64     { return 0 }
func residentMemory() int64 { return 0 }
