package remote

import "syscall"

// attributes puts a plugin into a process group of its own, so that ^C is the host's and the group can be killed whole, and has the
// kernel kill it when the thread that started it ends, which is when the host does.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
