package earthdata

import (
	"errors"
	"os"
	"runtime"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/secret"
)

// maxNetrc is more than any netrc file has.
const maxNetrc = 1 << 20

// readNetrc finds the name and password for a host in a netrc file. Others must not be able to read it.
func readNetrc(path, host string) (user string, password secret.Text, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", "", core.Errorf(core.NotFound, "netrc", path, "there is no such file")
	case err != nil:
		return "", "", core.Errorf(core.Denied, "netrc", path, "%w", err)
	case !info.Mode().IsRegular() || info.Size() > maxNetrc:
		return "", "", core.Errorf(core.Invalid, "netrc", path, "this is not a netrc file")
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return "", "", core.Errorf(core.Denied, "netrc", path, "others can read it (mode %04o): run chmod 600 %s", info.Mode().Perm(), path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", "", core.Errorf(core.Denied, "netrc", path, "%w", err)
	}
	user, password, err = parseNetrc(string(data), host)
	if err != nil {
		return "", "", core.Wrap(err, "netrc", path)
	}
	return user, password, nil
}

// parseNetrc reads the form that ftp, curl and Python read: words in any layout, "machine NAME", "default", "login",
// "password", "account", "macdef" up to an empty line, # to the end of a line, values in double quotes or not.
func parseNetrc(text, host string) (user string, password secret.Text, err error) {
	words := netrcWords(text)
	matched, complete := false, false
	for i := 0; i < len(words); i++ {
		value := func() (string, error) {
			if i++; i >= len(words) {
				return "", core.Errorf(core.Corrupt, "", "", "the file ends after %q", words[i-1])
			}
			return words[i], nil
		}
		word := words[i]
		switch word {
		case "machine", "default":
			if complete = matched && user != "" && password != ""; complete {
				return user, password, nil
			}
			matched, user, password = word == "default", "", ""
			if word == "machine" {
				name, err := value()
				if err != nil {
					return "", "", err
				}
				matched = strings.EqualFold(name, host)
			}
		case "login", "user", "password", "account":
			v, err := value()
			if err != nil {
				return "", "", err
			}
			switch {
			case matched && word == "password":
				password = secret.Text(v)
			case matched && word != "account":
				user = v
			}
		default: // its text may be a password that lost its keyword: do not show it
			return "", "", core.Errorf(core.Corrupt, "", "", "word %d is none of machine, default, login, password, account, macdef", i+1)
		}
	}
	if !matched || user == "" || password == "" {
		return "", "", core.Errorf(core.NotFound, "", "", "it has no login and password for %s", host)
	}
	return user, password, nil
}

// netrcWords are the words without comments and macros.
func netrcWords(text string) []string {
	var words []string
	macro := false
	for line := range strings.Lines(text) {
		if macro {
			macro = strings.TrimSpace(line) != ""
			continue
		}
		for rest := strings.TrimSpace(line); rest != "" && rest[0] != '#'; rest = strings.TrimSpace(rest) {
			var word string
			if word, rest = cutWord(rest); word == "macdef" {
				macro = true
				break
			}
			words = append(words, word)
		}
	}
	return words
}

// cutWord takes the first word, in quotes with \ before a quote or \ in it, or not.
func cutWord(text string) (word, rest string) {
	if text[0] != '"' {
		end := strings.IndexAny(text, " \t\r\n")
		if end < 0 {
			end = len(text)
		}
		return text[:end], text[end:]
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		case c == '"':
			return b.String(), text[i+1:]
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}
