package objstore

// Locks between processes, for replacing an object on a condition.

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/englacial/zagg/core"
)

// A lock on an object is held for as long as a rename takes.
const (
	lockPoll     = 2 * time.Millisecond
	lockPatience = 30 * time.Second
)

// lockObject keeps other processes from replacing an object on a condition. The lock is a file beside the object,
// locked by the system, which releases it when its process dies. Errors: Unavailable if another process holds it for
// lockPatience, Unsupported on file systems without locks, the context's.
func lockObject(ctx context.Context, path string) (unlock func(), err error) {
	folder, base := filepath.Split(path)
	name := folder + "." + base + ".lock.tmp"
	for late := time.Now().Add(lockPatience); ; {
		file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return nil, err
		}
		err = tryLock(file)
		switch {
		case err == nil && sameFile(file, name):
			return func() {
				os.Remove(name) // while it is locked: who has opened it sees that it is gone
				file.Close()
			}, nil
		case err != nil && !errors.Is(err, errLocked):
			os.Remove(name)
			file.Close()
			return nil, core.Errorf(core.Unsupported, "", "", "this file system has no locks: %w", err)
		}
		file.Close()
		if time.Now().After(late) {
			return nil, core.Errorf(core.Unavailable, "", "", "another process holds %s: %w", name, fs.ErrExist)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lockPoll):
		}
	}
}
