package budget

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// part of the memory that there is, in Default.
const part = 4

// unknown is what is taken for the machine's memory where that cannot be found out.
const unknown = 4 << 30

// Default is a quarter of the memory that this process may use: of its control group's limit, or of the machine.
func Default() int64 { return available("/") / part }

// available is the memory that a process may use, as files below a root say: the least of the limits of its control group
// (version 2 or 1) and of the machine's memory.
func available(root string) int64 {
	least := int64(0)
	take := func(n int64, ok bool) {
		if ok && n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	for _, name := range []string{"sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		n, e := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64) // "max" is none
		take(n, err == nil && e == nil)
	}
	text, err := os.ReadFile(filepath.Join(root, "proc/meminfo"))
	if _, after, ok := strings.Cut(string(text), "MemTotal:"); ok && err == nil {
		if fields := strings.Fields(after); len(fields) > 0 {
			kib, e := strconv.ParseInt(fields[0], 10, 64)
			take(kib<<10, e == nil)
		}
	}
	if least == 0 {
		return unknown
	}
	return least
}
