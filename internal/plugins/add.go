package plugins

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host/remote"
	"github.com/englacial/zagg/internal/plugindigest"
)

// A Fetched is an executable that may become one of the user's plugins. It lies in a temporary folder and was not started.
type Fetched struct {
	Name, To string
	From     core.Address // may have a token in its query: what is shown is its String
	Size     int64
	SHA256   string
	Replaces string // digest of what is at To; "": nothing is, or the same

	dir, path string
	most      int64 // bytes that it may have
}

const (
	maxExecutable = 1 << 30
	fetchLimit    = 15 * time.Minute
)

// Fetch gets an executable: an https:// address, a file, or the Go package of a module with a version. name is what it is to be
// called; "": as its file.
func Fetch(ctx context.Context, from, name string) (*Fetched, error) {
	return fetch(ctx, from, name, maxExecutable)
}

func fetch(ctx context.Context, from, name string, most int64) (*Fetched, error) {
	to := remote.UserDir(os.Getenv)
	if to == "" {
		return nil, core.Errorf(core.Invalid, "plugins add", core.Address(from).String(), "there is no home folder: set XDG_DATA_HOME")
	}
	dir, err := os.MkdirTemp("", "zagg-add-")
	if err != nil {
		return nil, core.Errorf(core.Unavailable, "plugins add", core.Address(from).String(), "%w", err)
	}
	f := &Fetched{From: core.Address(from), dir: dir, path: filepath.Join(dir, "plugin"), most: most}
	if err := f.fetch(ctx, name, to); err != nil {
		f.Discard()
		return nil, err
	}
	return f, nil
}

func (f *Fetched) fetch(ctx context.Context, name, to string) error {
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	file, err := f.get(ctx)
	if err != nil {
		return err
	}
	f.Name = cmp.Or(name, strings.TrimSuffix(strings.TrimPrefix(file, "zagg-plugin-"), filepath.Ext(file)))
	if !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$`).MatchString(f.Name) {
		return core.Errorf(core.Invalid, "plugins add", f.From.String(), "%q cannot be a plugin's name: give one with --name", f.Name)
	}
	if err := os.Chmod(f.path, 0o755); err != nil {
		return core.Errorf(core.Unavailable, "plugins add", f.From.String(), "%w", err)
	}
	code, err := plugindigest.Of([]string{f.path})
	if err != nil {
		return core.Errorf(core.Invalid, "plugins add", f.From.String(), "%w", err)
	}
	info, err := os.Stat(f.path)
	if err != nil {
		return core.Errorf(core.Unavailable, "plugins add", f.From.String(), "%w", err)
	}
	f.Size, f.SHA256, f.To = info.Size(), code.Digest, filepath.Join(to, "zagg-plugin-"+f.Name)
	if old, err := plugindigest.Of([]string{f.To}); err == nil && old.Digest != f.SHA256 {
		f.Replaces = old.Digest
	}
	return f.looksExecutable()
}

// looksExecutable refuses pages and archives that a server gives in place of an executable.
func (f *Fetched) looksExecutable() error {
	file, err := os.Open(f.path)
	if err != nil {
		return core.Errorf(core.Unavailable, "plugins add", f.From.String(), "%w", err)
	}
	defer file.Close() //nolint:errcheck // only read
	head := make([]byte, 4)
	n, _ := io.ReadFull(file, head)
	switch h := string(head[:n]); {
	case strings.HasPrefix(h, "#!"), h == "\x7fELF", h == "\xcf\xfa\xed\xfe", h == "\xca\xfe\xba\xbe", strings.HasPrefix(h, "MZ"):
		return nil
	case strings.HasPrefix(h, "\x1f\x8b"), strings.HasPrefix(h, "PK"):
		return core.Errorf(core.Invalid, "plugins add", f.From.String(), "it is an archive: unpack it and add the executable that is in it")
	}
	return core.Errorf(core.Invalid, "plugins add", f.From.String(), "it is not an executable: neither a program nor a script that begins with #!")
}

// get puts the executable in its place and gives the name of its file.
func (f *Fetched) get(ctx context.Context) (string, error) {
	from := f.From.Reveal()
	if info, err := os.Stat(from); err == nil {
		if !info.Mode().IsRegular() {
			return "", core.Errorf(core.Invalid, "plugins add", f.From.String(), "it is not a file")
		}
		in, err := os.Open(from)
		if err != nil {
			return "", core.Errorf(core.Invalid, "plugins add", f.From.String(), "%w", err)
		}
		defer in.Close() //nolint:errcheck // only read
		return filepath.Base(from), f.copy(in, info.Size())
	}
	scheme, _, isURL := strings.Cut(from, "://")
	pkg, version, isModule := strings.Cut(from, "@")
	switch {
	case isURL && scheme == "https":
		return f.download(ctx)
	case isURL:
		return "", core.Errorf(core.Invalid, "plugins add", f.From.String(), "plugins come from https:// addresses, files and Go modules, not by %s", scheme)
	case isModule && version != "" && strings.Contains(pkg, "."):
		return path.Base(pkg), f.build(ctx, pkg, version)
	}
	return "", core.Errorf(core.NotFound, "plugins add", f.From.String(), "there is no such file, and it is neither an https:// address nor MODULE@VERSION")
}

func (f *Fetched) download(ctx context.Context) (string, error) {
	address, err := url.Parse(f.From.Reveal())
	if err != nil {
		return "", core.Errorf(core.Invalid, "plugins add", f.From.String(), "it is not an address")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return "", core.Errorf(core.Invalid, "plugins add", f.From.String(), "%w", err)
	}
	client := &http.Client{CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if r.URL.Scheme != "https" || len(via) > 10 {
			return fmt.Errorf("it leads to %s", r.URL.Host)
		}
		return nil
	}}
	answer, err := client.Do(request)
	if err != nil {
		return "", core.Errorf(core.Unavailable, "plugins add", f.From.String(), "%w", err)
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	if answer.StatusCode != http.StatusOK {
		return "", core.Errorf(core.NotFound, "plugins add", f.From.String(), "the server answers %s", answer.Status)
	}
	return path.Base(address.Path), f.copy(answer.Body, answer.ContentLength)
}

// copy takes what comes, of which size bytes are announced; -1: it is not said how many.
func (f *Fetched) copy(in io.Reader, size int64) error {
	if size > f.most {
		return f.tooLarge()
	}
	out, err := os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
	if err != nil {
		return core.Errorf(core.Unavailable, "plugins add", f.From.String(), "%w", err)
	}
	n, err := io.Copy(out, io.LimitReader(in, f.most+1))
	if e := out.Close(); err == nil {
		err = e
	}
	switch {
	case err != nil:
		return core.Errorf(core.Unavailable, "plugins add", f.From.String(), "%w", err)
	case n > f.most:
		return f.tooLarge()
	}
	return nil
}

func (f *Fetched) tooLarge() error {
	return core.Errorf(core.Invalid, "plugins add", f.From.String(), "it has more than the %s that a plugin may have: is it an executable?", humanize.IBytes(uint64(f.most)))
}

// build installs a Go package into the temporary folder.
func (f *Fetched) build(ctx context.Context, pkg, version string) error {
	if _, err := exec.LookPath("go"); err != nil {
		return core.Errorf(core.NotFound, "plugins add", f.From.String(), "building needs the Go toolchain: https://go.dev/dl")
	}
	cmd := exec.CommandContext(ctx, "go", "install", "-trimpath", pkg+"@"+version)
	cmd.Env = append(os.Environ(), "GOBIN="+f.dir, "GOFLAGS=", "GOWORK=off", "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	if text, err := cmd.CombinedOutput(); err != nil {
		return core.Errorf(core.Invalid, "plugins add", f.From.String(), "go install: %w\n%s", err, strings.TrimSpace(string(text)))
	}
	return os.Rename(filepath.Join(f.dir, path.Base(pkg)), f.path)
}

// Keep puts the executable into the user's plugin folder, whole or not at all.
func (f *Fetched) Keep() error {
	err := os.MkdirAll(filepath.Dir(f.To), 0o700)
	part := f.To + ".part"
	if err == nil {
		err = copyFile(f.path, part)
	}
	if err == nil {
		err = os.Rename(part, f.To)
	}
	if err != nil {
		os.Remove(part) //nolint:errcheck // the first error counts
		return core.Errorf(core.Unavailable, "plugins add", f.To, "%w", err)
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // only read
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if e := out.Close(); err == nil {
		err = e
	}
	return err
}

// Discard forgets what was fetched.
func (f *Fetched) Discard() { os.RemoveAll(f.dir) } //nolint:errcheck // a temporary folder
