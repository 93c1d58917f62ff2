package core

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestShown(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "plain: no such file": "plain: no such file", "a\tb\nc": "a\tb\nc",
		"https://host/a.h5": "https://host/a.h5",
		"read https://u:p@host:8/a.h5?X-Amz-Signature=ab&x=1: gone":    "read https://host:8/a.h5?…: gone",
		`Get "https://host/a?sig=x": refused, http://b@c?d, e`:         `Get "https://host/a?…": refused, http://c?…, e`,
		"https://u:p@ss@host#token=1":                                  "https://host?…",
		"HTTPS://host?":                                                "HTTPS://host?…",
		"hdf5://u:p@host/x":                                            "hdf5://host/x",
		"https://proxy/https://u:p@h/x":                                "https://proxy/https://h/x",
		"s3://bucket/odd?key@1#2":                                      "s3://bucket/odd?key@1#2",
		"file:///tmp/a?b":                                              "file:///tmp/a?b",
		"https://cmr?a=1 and https://u@cmr/b?c":                        "https://cmr?… and https://cmr/b?…",
		"\x1b[31mred\x07\r\u202eback\u0085":                            `\x1b[31mred\x07\x0d\u202eback\u0085`,
		"bad \xff byte and the mark \ufffd":                            "bad \\xff byte and the mark \ufffd",
		"h\u00f6he \u5730 stays":                                       "h\u00f6he \u5730 stays",
		Errorf(Invalid, "read", "https://a:b@c/d?e=f", "\x1b").Error(): `read https://c/d?…: \x1b`,
	} {
		require.Equal(t, want, Shown(text))
	}
}

func FuzzShown(f *testing.F) {
	f.Add("https://u:p@host/a?b=c \x1b\xff")
	f.Fuzz(func(t *testing.T, text string) {
		got := Shown(text)
		require.Equal(t, got, Shown(got))
		require.True(t, utf8.ValidString(got))
		require.NotContains(t, got, "\x1b")
		secret := "SECRET" + strings.Repeat("x", len(text)%3)
		require.NotContains(t, Shown("https://"+secret+"@h/p?k="+secret+"&l="+secret), secret)
	})
}
