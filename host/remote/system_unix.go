//go:build unix && !linux

package remote

import "syscall"

// attributes puts a plugin into a process group of its own, so that ^C is the host's and the group can be killed whole. When the host
// ends, the plugin sees the end of its standard input.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
