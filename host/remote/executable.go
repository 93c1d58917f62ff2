package remote

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/englacial/zagg/core"
)

// findExecutable is the path of a command's first word, on PATH if it has no slash.
func findExecutable(name, command string) (string, error) {
	path, err := exec.LookPath(command)
	switch {
	case err == nil:
		return filepath.Abs(path)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, exec.ErrNotFound):
		return "", core.Errorf(core.NotFound, "plugin", name, "there is no executable %s", command)
	case errors.Is(err, fs.ErrPermission):
		return "", core.Errorf(core.Invalid, "plugin", name, "%s is not executable: chmod +x it", command)
	}
	return "", core.Errorf(core.Invalid, "plugin", name, "%s: %w", command, err)
}

// pinned copies an executable into a private folder and checks the copy, so that what runs is what was checked, whatever
// becomes of the original in between.
func pinned(name, path, want, dir string) (string, error) {
	from, err := os.Open(path)
	if err != nil {
		return "", core.Errorf(core.Invalid, "plugin", name, "%w", err)
	}
	defer from.Close()
	copied := filepath.Join(dir, filepath.Base(path))
	to, err := os.OpenFile(copied, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
	if err != nil {
		return "", core.Errorf(core.Unavailable, "plugin", name, "%w", err)
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(to, sum), from)
	if err = errors.Join(err, to.Close()); err != nil {
		return "", core.Errorf(core.Unavailable, "plugin", name, "copying %s: %w", path, err)
	}
	if have := hex.EncodeToString(sum.Sum(nil)); !strings.EqualFold(have, want) {
		return "", core.Errorf(core.Denied, "plugin", name, "%s has sha256 %s, and the configuration says %s: it is another build, or was tampered with", path, have, strings.ToLower(want))
	}
	return copied, nil
}

// checkDigest refuses what is no SHA-256.
func checkDigest(name, digest string) error {
	if b, err := hex.DecodeString(digest); err != nil || len(b) != sha256.Size {
		return core.Errorf(core.Invalid, "plugin", name, "sha256 %q is not 64 hexadecimal digits", digest)
	}
	return nil
}
