package release

import (
	"os"
	"regexp"
	"strings"

	"github.com/englacial/zagg/core"
)

// notes is the section of a change log that is about a tag: what stands between "## 1.2.3" and the next heading of that
// rank. A release without one stops.
func notes(path, tag string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", core.Wrap(err, "read change log", path)
	}
	version := regexp.QuoteMeta(strings.TrimPrefix(tag, "v"))
	begin := regexp.MustCompile(`(?m)^## \[?v?` + version + `\]?( .*)?$`).FindIndex(b)
	if begin == nil {
		return "", core.Errorf(core.Invalid, "read change log", path, `it has no section "## %s": rename "Unreleased" and commit before the tag`, strings.TrimPrefix(tag, "v"))
	}
	rest := string(b[begin[1]:])
	if end := regexp.MustCompile(`(?m)^## `).FindStringIndex(rest); end != nil {
		rest = rest[:end[0]]
	}
	return strings.TrimSpace(rest) + "\n", nil
}
