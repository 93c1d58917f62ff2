//go:build unix

package worker

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"syscall"
)

// cpuSeconds is what the process has used so far.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// peakMemory is the most bytes that the process had. Where there is no /proc it is getrusage's, which on Linux would
// count what the parent had before it became this program.
func peakMemory() int64 {
	data, err := os.ReadFile("/proc/self/status")
	if _, after, ok := bytes.Cut(data, []byte("VmHWM:")); ok && err == nil {
		if fields := bytes.Fields(after); len(fields) > 0 {
			if kib, err := strconv.ParseInt(string(fields[0]), 10, 64); err == nil {
				return kib << 10
			}
		}
	}
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return int64(u.Maxrss)
	}
	return int64(u.Maxrss) << 10
}

// residentMemory is the bytes that the process has now; where there is no /proc, the most it had.
func residentMemory() int64 {
	data, err := os.ReadFile("/proc/self/statm")
	fields := bytes.Fields(data)
	if err != nil || len(fields) < 2 {
		return peakMemory()
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return peakMemory()
	}
	return pages * int64(os.Getpagesize())
}
