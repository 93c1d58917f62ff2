//go:build !linux

package remote

// peakMemory is not known here.
func peakMemory(int) int64 { return 0 }

// residentMemory is not known here.
func residentMemory(int) int64 { return 0 }
