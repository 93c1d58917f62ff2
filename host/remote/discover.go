package remote

import (
	"os"
	"path/filepath"
	"strings"
)

// PathVariable is the environment variable with folders and files to look for plugins in, separated as PATH is.
const PathVariable = "ZAGG_PLUGIN_PATH"

// filePrefix begins the names of plugin executables in folders.
const filePrefix = "zagg-plugin-"

// A Candidate is an executable that may be a plugin.
type Candidate struct{ Name, Path string }

// Discover lists the executables zagg-plugin-NAME (any extension) in the folders of ZAGG_PLUGIN_PATH, in its order, and then in
// the user's plugin folder. A file named there is a candidate itself, whatever it is called. Of two with one name the first counts. Nothing is
// started.
func Discover(getenv func(string) string) []Candidate {
	var found []Candidate
	seen := map[string]bool{}
	add := func(path string) {
		if c := (Candidate{Name: nameOf(path), Path: path}); !seen[c.Name] {
			seen[c.Name] = true
			found = append(found, c)
		}
	}
	for _, place := range append(filepath.SplitList(getenv(PathVariable)), UserDir(getenv)) {
		if place == "" {
			continue
		}
		if info, err := os.Stat(place); err == nil && info.Mode().IsRegular() {
			add(absolute(place))
			continue
		}
		entries, _ := os.ReadDir(place) // a folder that is not there holds nothing
		for _, e := range entries {
			path := filepath.Join(place, e.Name())
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && strings.HasPrefix(e.Name(), filePrefix) {
				add(absolute(path))
			}
		}
	}
	return found
}

// UserDir is the user's plugin folder: $XDG_DATA_HOME/zagg/plugins, or ~/.local/share/zagg/plugins; "" if there is no home.
func UserDir(getenv func(string) string) string {
	if data := getenv("XDG_DATA_HOME"); filepath.IsAbs(data) {
		return filepath.Join(data, "zagg", "plugins")
	}
	if home := getenv("HOME"); home != "" {
		return filepath.Join(home, ".local", "share", "zagg", "plugins")
	}
	return ""
}

func nameOf(path string) string {
	name := strings.TrimPrefix(filepath.Base(path), filePrefix)
	return strings.TrimSuffix(name, filepath.Ext(name))
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
