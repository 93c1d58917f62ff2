//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package objstore

import (
	"errors"
	"os"
	"syscall"
)

// errLocked means that another Put holds the file.
var errLocked = errors.New("locked")

// tryLock takes an exclusive lock that ends with the handle; any error but errLocked means there are no locks here.
func tryLock(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch err {
		case syscall.EINTR:
			continue
		case syscall.EWOULDBLOCK:
			return errLocked
		}
		return err
	}
}

// linksUnsupported says whether a failed os.Link means that the file system has no hard links.
func linksUnsupported(err error) bool {
	return isAny(err, syscall.EPERM, syscall.ENOTSUP, syscall.EOPNOTSUPP, syscall.ENOSYS, syscall.EMLINK)
}
