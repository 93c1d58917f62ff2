package remote

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// attributes puts a plugin into a process group of its own, so that ^C is the host's and the group can be killed whole, and has the
// kernel kill it when the thread that started it ends, which is when the host does.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// peakMemory is the most resident memory that a process has had, in bytes; 0: not known.
func peakMemory(pid int) int64 { return memoryOf(pid, "VmHWM:") }

// residentMemory is the resident memory that a process has, in bytes; 0: not known.
func residentMemory(pid int) int64 { return memoryOf(pid, "VmRSS:") }

func memoryOf(pid int, which string) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, which); ok {
			kilobytes, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64) // 0 where it is no number
			return kilobytes << 10
		}
	}
	return 0
}
