package store

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// thisProcess names a process so that every process of the same machine can tell whether it still runs, and no other takes it for
// one of its own: by the boot of the machine, the name space of process numbers, the number, and when it began. It is "" on
// systems that do not tell.
func thisProcess() string { return processName(os.Getpid()) }

func processName(pid int) string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	began, ok := processBegan(pid)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%s %s %d %s", strings.TrimSpace(string(boot)), space, pid, began)
}

// processBegan is when a process began, in the system's ticks; false if there is none, or it has ended and not been waited for.
func processBegan(pid int) (string, bool) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", false
	}
	// The second field is the program's name in brackets, which may hold anything.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return "", false
	}
	return fields[19], true
}

// ticks is how many of the system's ticks are a second.
const ticks = 100

// ProcessBegan is when this process began; now on systems that do not tell.
func ProcessBegan() time.Time {
	now := time.Now()
	began, ok := processBegan(os.Getpid())
	uptime, err := os.ReadFile("/proc/uptime")
	if !ok || err != nil {
		return now
	}
	up, _, _ := strings.Cut(string(uptime), " ")
	seconds, err := strconv.ParseFloat(up, 64)
	at, e := strconv.ParseFloat(began, 64)
	if err != nil || e != nil || at/ticks > seconds {
		return now
	}
	return now.Add(-time.Duration((seconds - at/ticks) * float64(time.Second)))
}

// hasEnded reports whether a process is known not to run any more.
func hasEnded(process string) bool {
	fields := strings.Fields(process)
	if len(fields) != 4 {
		return false
	}
	own := strings.Fields(thisProcess())
	if len(own) != 4 || own[0] != fields[0] || own[1] != fields[1] {
		return false // of another machine
	}
	pid, err := strconv.Atoi(fields[2])
	if err != nil || pid <= 0 {
		return false
	}
	began, runs := processBegan(pid)
	return !runs || began != fields[3]
}
