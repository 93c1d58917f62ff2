package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

const root = "../.."

// pages are all Markdown files of the repository and their lines without code blocks.
func pages(t *testing.T) map[string][]string {
	cmd := exec.Command("git", "ls-files", "*.md")
	cmd.Dir = root
	out, err := cmd.Output()
	require.NoError(t, err)
	all := map[string][]string{}
	for _, name := range strings.Fields(string(out)) {
		text, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		fenced := false
		for _, line := range strings.Split(string(text), "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "```") {
				fenced = !fenced
				continue
			}
			if !fenced {
				all[name] = append(all[name], line)
			}
		}
		require.False(t, fenced, "%s: a code block without an end", name)
	}
	return all
}

// anchor is what GitHub makes of a heading.
func anchor(heading string) string {
	heading = strings.ToLower(strings.TrimSpace(strings.TrimLeft(heading, "#")))
	heading = regexp.MustCompile(`[^\p{L}\p{N}_ -]`).ReplaceAllString(heading, "")
	return strings.ReplaceAll(heading, " ", "-")
}

func TestLinksLeadSomewhere(t *testing.T) {
	all := pages(t)
	anchors := map[string]map[string]bool{}
	for name, lines := range all {
		anchors[name] = map[string]bool{}
		for _, l := range lines {
			if strings.HasPrefix(l, "#") {
				anchors[name][anchor(l)] = true
			}
		}
	}
	link := regexp.MustCompile(`\]\(([^()\s]+)\)`)
	for name, lines := range all {
		for _, l := range lines {
			for _, m := range link.FindAllStringSubmatch(l, -1) {
				target, fragment, _ := strings.Cut(m[1], "#")
				if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
					continue
				}
				page := name
				if target != "" {
					page = filepath.ToSlash(filepath.Join(filepath.Dir(name), target))
					if _, err := os.Stat(filepath.Join(root, page)); err != nil {
						t.Errorf("%s: a link to %s, which is not there", name, m[1])
						continue
					}
				}
				if fragment != "" && anchors[page] != nil && !anchors[page][fragment] {
					t.Errorf("%s: a link to %s, which has no such heading", name, m[1])
				}
			}
		}
	}
}

// A cell of a table is one short line.
func TestTableCells(t *testing.T) {
	const most = 160
	for name, lines := range pages(t) {
		for i, l := range lines {
			if !strings.HasPrefix(l, "|") {
				continue
			}
			for _, c := range strings.Split(strings.ReplaceAll(l, `\|`, "¦"), "|") {
				if n := utf8.RuneCountInString(strings.TrimSpace(c)); n > most {
					t.Errorf("%s: a cell of %d characters, %d is the most: %.60s… (line %d without code blocks)", name, n, most, strings.TrimSpace(c), i+1)
				}
			}
		}
	}
}
