package remote

import (
	"net/url"
	"regexp"
	"strings"
)

// A redactor takes secrets out of text. The patterns are compiled once per process that is started.
type redactor struct {
	patterns []pattern
	values   []string // of the host's environment
}

type pattern struct {
	find *regexp.Regexp
	with string
}

// newRedactor knows the host's environment, so that no value of a credential there passes.
func newRedactor(environ []string) *redactor {
	r := &redactor{patterns: []pattern{
		{regexp.MustCompile(`(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}`), "$1 ***"},
		{regexp.MustCompile(`(?i)([a-z0-9_.-]*(?:token|secret|password|passwd|signature|credential|api[_-]?key|access[_-]?key|authorization)[a-z0-9_-]*["']?\s*[=:]\s*["']?)[^\s"'&,;]+`), "$1***"},
		{regexp.MustCompile(`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`), "***"},
		{regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*`), "***"},
		{regexp.MustCompile(`(://)[^/\s:@]+:[^/\s@]+@`), "$1***@"},
	}}
	secret := regexp.MustCompile(`(?i)token|secret|password|passwd|credential|key|auth`)
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		if len(value) >= 8 && secret.MatchString(name) {
			r.values = append(r.values, value)
		}
	}
	return r
}

func (r *redactor) text(s string) string {
	for _, v := range r.values {
		s = strings.ReplaceAll(s, v, "***")
	}
	for _, p := range r.patterns {
		s = p.find.ReplaceAllString(s, p.with)
	}
	return s
}

// plainURL is a URL without what may be a credential: user and query.
func plainURL(address string) string {
	if !strings.Contains(address, "://") || !strings.ContainsAny(address, "?@") {
		return address
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "s3" || u.Scheme == "file" { // where ? is part of a name
		return address
	}
	u.User, u.RawQuery, u.ForceQuery = nil, "", false
	return u.String()
}
