package core

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"path"
	"slices"
	"strings"
)

// An Address names an object: a path, s3://bucket/key, or an URL with whatever opens it. However it is printed, logged or
// marshalled, it is as Shown has it, without user, password, query and fragment. Reveal alone is what can be asked for. (Keys of JSON
// objects are beyond it: encoding/json takes those of kind string as they are.)
type Address string

var (
	_ fmt.Formatter  = Address("")
	_ slog.LogValuer = Address("")
	_ json.Marshaler = Address("")
)

// Reveal is the address as it is asked for.
func (a Address) Reveal() string { return string(a) }

// String is the address as people and logs may see it. Unlike that of Shown, which finds addresses in texts, it goes to the end
// whatever characters it has, and takes one line.
func (a Address) String() string {
	scheme, rest, opens := a.opens()
	if opens {
		return inLine(Shown(scheme + "://" + shownAddress(rest)))
	}
	return inLine(Shown(string(a)))
}

// inLine is a text that takes one line and one column, whatever is in it.
func inLine(text string) string {
	if !strings.ContainsAny(text, "\n\r\t") {
		return text
	}
	return strings.NewReplacer("\n", `\x0a`, "\r", `\x0d`, "\t", `\x09`).Replace(text)
}

// Secret reports that the address has what String does not show.
func (a Address) Secret() bool {
	_, rest, opens := a.opens()
	return opens && shownAddress(rest) != rest
}

// opens takes an address apart that may have a user and a query.
func (a Address) opens() (scheme, rest string, ok bool) {
	scheme, rest, ok = strings.Cut(string(a), "://")
	return scheme, rest, ok && hasSecrets(scheme) && strings.Trim(scheme, schemeCharacters) == ""
}

// Name is the last element of the address: a file's name, without a query.
func (a Address) Name() string {
	name := string(a)
	if _, _, opens := a.opens(); opens {
		name = name[:strings.IndexAny(name+"?", "?#")]
	}
	if name = strings.TrimRight(name, "/"); name == "" {
		return ""
	}
	return path.Base(name)
}

// Format writes String, in quotes for %q.
func (a Address) Format(f fmt.State, verb rune) {
	if verb == 'q' {
		fmt.Fprintf(f, "%q", a.String())
		return
	}
	_, _ = f.Write([]byte(a.String()))
}

// LogValue is String.
func (a Address) LogValue() slog.Value { return slog.StringValue(a.String()) }

// MarshalJSON writes String.
func (a Address) MarshalJSON() ([]byte, error) { return json.Marshal(a.String()) }

// MarshalText writes String.
func (a Address) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// leastSecret is the length of what is hidden in texts: fewer characters are in every text by chance, and no secret.
const leastSecret = 4

// HideIn is a text without what the address keeps to itself, wherever that stands in it: servers say again what they were asked.
func (a Address) HideIn(text string) string {
	for _, s := range a.secrets() {
		text = strings.ReplaceAll(text, s, "…")
	}
	return text
}

// secrets are what String leaves out, in all of their spellings, the longest first.
func (a Address) secrets() []string {
	if !a.Secret() {
		return nil
	}
	var found []string
	add := func(s string) {
		for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s)} {
			if len(form) >= leastSecret && !slices.Contains(found, form) {
				found = append(found, form)
			}
		}
	}
	_, rest, _ := strings.Cut(string(a), "://")
	before, fragment, _ := strings.Cut(rest, "#")
	before, query, _ := strings.Cut(before, "?")
	authority, _, _ := strings.Cut(before, "/")
	user, password, _ := strings.Cut(authority[:max(0, strings.LastIndexByte(authority, '@'))], ":")
	for _, part := range []string{query, fragment, user, password} {
		add(part)
		if plain, err := url.PathUnescape(part); err == nil {
			add(plain)
		}
	}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, isPair := strings.Cut(pair, "=")
		if !isPair {
			value = name
		}
		add(value)
		for _, unescape := range []func(string) (string, error){url.QueryUnescape, url.PathUnescape} {
			if plain, err := unescape(value); err == nil {
				add(plain)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return found
}

// ShownJSON is a JSON text as it may be kept where others read it: without what addresses in it hide. Where they hide nothing it is the very
// text.
func ShownJSON(text []byte) []byte {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return []byte(Shown(string(text)))
	}
	hidden := false
	v = shownValue(v, &hidden)
	if !hidden {
		return text
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil {
		return []byte(Shown(string(text)))
	}
	return bytes.TrimRight(out.Bytes(), "\n")
}

func shownValue(v any, hidden *bool) any {
	switch t := v.(type) {
	case string:
		shown := Address(t).String()
		if withoutSecrets(t) == t && !Address(t).Secret() {
			return t
		}
		*hidden = true
		return shown
	case []any:
		for i := range t {
			t[i] = shownValue(t[i], hidden)
		}
	case map[string]any:
		for k := range t {
			t[k] = shownValue(t[k], hidden)
		}
	}
	return v
}
