package emulator

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// Attributes give a process a group of its own, which dies with this process.
func Attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// KillGroup ends a process and those that it started.
func KillGroup(p *os.Process) { syscall.Kill(-p.Pid, syscall.SIGKILL) } //nolint:errcheck // it may be dead already
func freeze(p *os.Process)    { syscall.Kill(-p.Pid, syscall.SIGSTOP) } //nolint:errcheck // it may be dead already
func thaw(p *os.Process)      { syscall.Kill(-p.Pid, syscall.SIGCONT) } //nolint:errcheck // it may be dead already

// residentMemory is a process's memory in bytes; 0 if it is gone.
func residentMemory(pid int) int64 {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	fields := bytes.Fields(data)
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// peakMemory is the most that a process had in bytes; 0 if it is gone.
func peakMemory(pid int) int64 {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	_, after, _ := bytes.Cut(data, []byte("VmHWM:"))
	fields := bytes.Fields(after)
	if len(fields) == 0 {
		return 0
	}
	kib, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil {
		return 0
	}
	return kib << 10
}
