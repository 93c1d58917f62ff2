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
	"github.com/englacial/zagg/internal/plugindigest"
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
	if e, ok := errors.AsType[*exec.Error](err); ok { // it names the command once more, and so does
		err = e.Err
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	return "", core.Errorf(core.Invalid, "plugin", name, "%s: %w", command, err)
}

// code reads the files of a command.
func code(name string, command []string) (*plugindigest.Code, error) {
	c, err := plugindigest.Of(command)
	if err != nil {
		if _, err := findExecutable(name, command[0]); err != nil {
			return nil, err
		}
		return nil, core.Errorf(core.Invalid, "plugin", name, "%w", err)
	}
	return c, nil
}

// copied copies an executable that is all of a plugin into a private folder, so that what runs is what was checked, whatever
// becomes of the original in between.
func copied(name, path, dir string) (string, error) {
	from, err := os.Open(path)
	if err != nil {
		return "", core.Errorf(core.Invalid, "plugin", name, "%w", err)
	}
	defer from.Close() //nolint:errcheck // only read
	copied := filepath.Join(dir, filepath.Base(path))
	to, err := os.OpenFile(copied, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
	if err != nil {
		return "", core.Errorf(core.Unavailable, "plugin", name, "%w", err)
	}
	_, err = io.Copy(to, from)
	if err = errors.Join(err, to.Close()); err != nil {
		return "", core.Errorf(core.Unavailable, "plugin", name, "copying %s: %w", path, err)
	}
	return copied, nil
}

// checkPin refuses code that is not what the configuration says, or not what it was when the plugin was first started.
func checkPin(o Options, have *plugindigest.Code) error {
	switch {
	case o.SHA256 == "" && (o.first == "" || o.first == have.Digest), o.SHA256 != "" && have.Is(o.SHA256):
		return nil
	case o.SHA256 == "":
		return core.Errorf(core.Denied, "plugin", o.Name, "%s was changed while it was in use: it had sha256 %s and now has %s; start again", strings.Join(o.Command, " "), o.first, have.Digest)
	}
	return core.Errorf(core.Denied, "plugin", o.Name, "%s has sha256 %s, and the configuration says %s: it is another build, or was tampered with", strings.Join(o.Command, " "), have.Digest, strings.ToLower(o.SHA256))
}

// checkDigest refuses what is no SHA-256.
func checkDigest(name, digest string) error {
	if b, err := hex.DecodeString(digest); err != nil || len(b) != sha256.Size {
		return core.Errorf(core.Invalid, "plugin", name, "sha256 %q is not 64 hexadecimal digits", digest)
	}
	return nil
}
