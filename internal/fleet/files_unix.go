//go:build unix

package fleet

import "syscall"

// openFiles is how many files this process may open.
func openFiles() (int, bool) {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return 0, false
	}
	return int(min(files.Cur, 1<<20)), true
}
