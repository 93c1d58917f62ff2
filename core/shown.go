package core

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Shown returns text in a form that is safe to print and log. It removes user and password from URLs (except s3 and file), and
// replaces their queries by "?…". It escapes control characters, except line ends and tabs, and characters that change the writing
// direction, so that text from a server or a file cannot control a terminal. Shown(Shown(x)) == Shown(x).
func Shown(text string) string {
	return withoutSecrets(Escaped(withoutSecrets(text))) // before too, since what is escaped ends an address
}

// endsAddress are the characters that an address in a text does not have.
const endsAddress = " \t\r\n\"'`<>\\|"

const schemeCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-"

// hasSecrets reports a scheme whose addresses have users and queries; in those of files and of S3 all is the name.
func hasSecrets(scheme string) bool {
	return scheme != "" && !strings.EqualFold(scheme, "s3") && !strings.EqualFold(scheme, "file")
}

func withoutSecrets(text string) string {
	var b strings.Builder
	for {
		i := strings.Index(text, "://")
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		scheme := text[len(strings.TrimRight(text[:i], schemeCharacters)):i]
		b.WriteString(text[:i+3])
		text = text[i+3:]
		if !hasSecrets(scheme) {
			continue
		}
		end := strings.IndexAny(text, endsAddress)
		if end < 0 {
			end = len(text)
		}
		b.WriteString(shownAddress(text[:end]))
		text = text[end:]
	}
}

// shownAddress is what may be seen of an address behind its scheme. Punctuation at its end is the text's.
func shownAddress(address string) string {
	authority := address
	if i := strings.IndexAny(address, "/?#"); i >= 0 {
		authority = address[:i]
	}
	rest := address[len(authority):]
	host := authority[strings.LastIndexByte(authority, '@')+1:]
	i := strings.IndexAny(rest, "?#")
	if i < 0 {
		return host + withoutSecrets(rest)
	}
	query := rest[i:]
	return host + withoutSecrets(rest[:i]) + "?…" + query[len(strings.TrimRight(query, ".,:;)]}")):]
}

// Escaped escapes characters that control a terminal, and bytes that are not UTF-8, as in a string of JSON or Go (\x1b, \u202e).
// Line ends (\n, \r\n) and tabs stay.
func Escaped(text string) string {
	if strings.IndexFunc(text, isControl) < 0 && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case !isControl(r) || strings.HasPrefix(text[i:], "\r\n"):
			b.WriteRune(r)
		case r < 0x20:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// isControl reports whether a character controls a terminal or the writing direction.
func isControl(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r < 0x20 || r >= 0x7f && r <= 0x9f:
		return true
	}
	return r == 0x200e || r == 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}
