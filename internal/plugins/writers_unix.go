//go:build unix

package plugins

import (
	"io/fs"
	"os"
	"syscall"
)

// writers says who but its owner, root and the own group of who runs this may write to a file or folder; "" if nobody.
func writers(info fs.FileInfo) string {
	mode := info.Mode().Perm()
	s, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case mode&0o002 != 0:
		return "everybody"
	case ok && mode&0o020 != 0 && s.Gid != 0 && int(s.Gid) != os.Getgid():
		return "a group"
	}
	return ""
}
