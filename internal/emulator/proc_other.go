//go:build !linux

package emulator

import (
	"os"
	"syscall"
)

// Elsewhere than on Linux sandboxes are not frozen and their memory is not watched.

// Attributes give a process nothing of its own.
func Attributes() *syscall.SysProcAttr { return nil }

// KillGroup ends a process.
func KillGroup(p *os.Process) { p.Kill() } //nolint:errcheck // it may be dead already
func freeze(*os.Process)      {}
func thaw(*os.Process)        {}

func residentMemory(int) int64 { return 0 }
func peakMemory(int) int64     { return 0 }
