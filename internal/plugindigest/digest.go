// Package plugindigest computes the digest of a plugin's code, which pins a plugin, identifies a confirmation, and is part of the
// identity of a result.
package plugindigest

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A File is a file of a plugin, as a person is shown it.
type File struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"` // hex
}

// A Code is what a command runs.
type Code struct {
	// Digest is hex: of a command that is one file, with nothing beside it, the SHA-256 of that file, as sha256sum prints it. Otherwise that of a list of
	// the command's words and all its files.
	Digest string
	Files  []File // the executable first
}

// Is reports whether a pin is of this code: its digest, or the SHA-256 of its one file, where the words of the command stand beside the pin.
func (c *Code) Is(pin string) bool {
	return strings.EqualFold(pin, c.Digest) || len(c.Files) == 1 && strings.EqualFold(pin, c.Files[0].SHA256)
}

// Bounds of what is looked at beside a script.
const (
	maxFiles = 10000
	maxDepth = 8
)

// Of reads the files of a command: its executable, found on PATH where it has no slash, the files that its arguments name, and beside a
// script (a file with the #! line and an extension, or an argument with an extension) the files with its extension in its folder and below, because a script
// imports them. Where the files lie does not count, what they are called and hold does. What is installed elsewhere, such as
// the packages of an interpreter, is not part of it.
func Of(command []string) (*Code, error) {
	if len(command) == 0 || command[0] == "" {
		return nil, errors.New("no command is given")
	}
	path, err := exec.LookPath(command[0])
	if err != nil {
		return nil, err
	}
	c := &collector{}
	if err := c.executable(path); err != nil {
		return nil, err
	}
	for _, word := range command[1:] {
		if err := c.argument(word); err != nil {
			return nil, err
		}
	}
	digest := c.code.Files[0].SHA256
	if len(c.code.Files) > 1 || len(command) > 1 {
		sum := sha256.Sum256(c.list.Bytes())
		digest = hex.EncodeToString(sum[:])
	}
	c.code.Digest = digest
	return &c.code, nil
}

// A collector lists words and files.
type collector struct {
	code Code
	list bytes.Buffer
}

func (c *collector) add(word, name, path string) error {
	sum, err := file(path)
	if err != nil {
		return err
	}
	fmt.Fprintf(&c.list, "%s %q %s\n", word, name, sum)
	c.code.Files = append(c.code.Files, File{Path: path, SHA256: sum})
	return nil
}

func (c *collector) executable(path string) error {
	if err := c.add("executable", "", path); err != nil { // python3 and python3.12 are one where they hold the same
		return err
	}
	if isScript(path) {
		return c.beside(path)
	}
	return nil
}

// argument takes a word: a file, a folder with all that is in it, or something else, which counts as it is.
func (c *collector) argument(word string) error {
	info, err := os.Stat(word)
	switch {
	case err == nil && info.Mode().IsRegular():
		if err := c.add("file", filepath.Base(word), word); err != nil {
			return err
		}
		return c.beside(word)
	case err == nil && info.IsDir():
		fmt.Fprintf(&c.list, "folder\n")
		return c.walk(word, func(string) bool { return true })
	}
	fmt.Fprintf(&c.list, "word %q\n", word)
	return nil
}

// beside takes the files that a script may import.
func (c *collector) beside(script string) error {
	extension := filepath.Ext(script)
	if extension == "" {
		return nil
	}
	return c.walk(filepath.Dir(script), func(path string) bool {
		return filepath.Ext(path) == extension && filepath.Clean(path) != filepath.Clean(script)
	})
}

// walk takes files of a folder and below it, in the order of their names. Hidden folders and those of caches and installed packages are left out.
func (c *collector) walk(dir string, wanted func(path string) bool) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if path == dir {
				return err
			}
			return nil //nolint:nilerr // a folder that cannot be read cannot be imported from
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != dir && (passedOver(d.Name()) || strings.Count(rel, string(filepath.Separator)) >= maxDepth || isEnvironment(path)) {
				return filepath.SkipDir
			}
			return nil
		}
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || !wanted(path) {
			return nil //nolint:nilerr // a link to nowhere is no file
		}
		if len(c.code.Files) >= maxFiles {
			return fmt.Errorf("there are more than %d files in %s: give the plugin a folder of its own", maxFiles, dir)
		}
		return c.add("beside", filepath.ToSlash(rel), path)
	})
}

func passedOver(name string) bool {
	return strings.HasPrefix(name, ".") || slices.Contains([]string{"__pycache__", "node_modules", "site-packages"}, name)
}

// isEnvironment reports a virtual environment of Python.
func isEnvironment(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "pyvenv.cfg"))
	return err == nil
}

func isScript(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close() //nolint:errcheck // only read
	head, _ := bufio.NewReader(f).Peek(2)
	return string(head) == "#!"
}

// file is the SHA-256 of a file, in hex.
func file(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // only read
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
