//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package objstore

import (
	"errors"
	"os"
)

var errLocked = errors.New("locked")

// tryLock says that there are no locks here, and temporary files get random names.
func tryLock(*os.File) error { return errors.ErrUnsupported }

func linksUnsupported(err error) bool { return errors.Is(err, errors.ErrUnsupported) }
