package job

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// A Plugin is whose code some values were computed with. Digest is "" for what comes with zagg, whose version says it;
// "sha256:…" of a process (package plugindigest), "h1:…" of a module that is linked in (as go.sum has it), "program:…" of the whole
// program where the module has no sum.
type Plugin struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Digest  string `json:"digest,omitempty"`
}

// Foreign reports a plugin that does not come with zagg.
func (p Plugin) Foreign() bool { return p.Digest != "" }

// String names it for people: "steps 0.1.0 (sha256:1f2e3d4c5b6a)".
func (p Plugin) String() string {
	kind, digest, _ := strings.Cut(p.Digest, ":")
	if digest == "" {
		return p.Name + " " + p.Version
	}
	return fmt.Sprintf("%s %s (%s:%s)", p.Name, p.Version, kind, digest[:min(len(digest), 12)])
}

// Same reports whether two are the same as far as can be told: digests of different kinds tell nothing.
func (p Plugin) Same(o Plugin) bool {
	kind, _, _ := strings.Cut(p.Digest, ":")
	other, _, _ := strings.Cut(o.Digest, ":")
	return p.Name == o.Name && p.Version == o.Version && (kind != other || p.Digest == o.Digest)
}

// ForeignPlugins are those of a list that do not come with zagg.
func ForeignPlugins(all []Plugin) []Plugin {
	return slices.DeleteFunc(slices.Clone(all), func(p Plugin) bool { return !p.Foreign() })
}

// WithPlugins names what the values of a store mean: the configuration's semantic hash, and where plugins that do not come with zagg are
// part of it the SHA-256 of that and of their names, versions and digests.
func WithPlugins(semantic string, plugins []Plugin) string {
	foreign := ForeignPlugins(plugins)
	if len(foreign) == 0 {
		return semantic
	}
	text, _ := json.Marshal(foreign) // texts always marshal
	sum := sha256.Sum256([]byte(semantic + "\n" + string(text)))
	return hex.EncodeToString(sum[:])
}

// PluginsDiffer says which plugins are others: "plugin steps 0.1.0 (sha256:1f2e3d4c5b6a), now steps 0.2.0 (sha256:aa00bb11cc22)"; "" if none is.
func PluginsDiffer(was, now []Plugin) string {
	was, now = ForeignPlugins(was), ForeignPlugins(now)
	var texts []string
	for _, w := range was {
		if slices.Contains(now, w) {
			continue
		}
		text := "plugin " + w.String() + ", now not there"
		if i := slices.IndexFunc(now, func(n Plugin) bool { return n.Name == w.Name && !slices.Contains(was, n) }); i >= 0 {
			text = "plugin " + w.String() + ", now " + now[i].String()
		}
		texts = append(texts, text)
	}
	for _, n := range now {
		if !slices.Contains(was, n) && !slices.ContainsFunc(was, func(w Plugin) bool { return w.Name == n.Name && !slices.Contains(now, w) }) {
			texts = append(texts, "no plugin "+n.Name+", now "+n.String())
		}
	}
	return strings.Join(texts, "; ")
}
