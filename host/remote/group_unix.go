//go:build unix

package remote

import (
	"errors"
	"os"
	"syscall"
)

// signalGroup sends a signal to a process and all it started.
func signalGroup(p *os.Process, signal syscall.Signal) { _ = syscall.Kill(-p.Pid, signal) } // fails only where none is left

// alive reports whether there is such a process.
func alive(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

// busy reports that an executable was still open for writing in a process that is about to start another.
func busy(err error) bool { return errors.Is(err, syscall.ETXTBSY) }
