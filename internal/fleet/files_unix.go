//go:build unix

package fleet

import "syscall"

// openFiles is how many files this process may open, at most manyFiles.
func openFiles() int {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return manyFiles
	}
	return int(min(files.Cur, manyFiles))
}
