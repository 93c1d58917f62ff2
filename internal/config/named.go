package config

import (
	"encoding/json"
	"os"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// Open reads a file, or a shipped configuration by its name.
func Open(name string) (*Config, []Note, error) {
	if _, err := os.Stat(name); err != nil && slices.Contains(Shipped(), name) {
		return Default(name)
	}
	return Load(name)
}

// GridText is a grid as JSON: "type" and the keys of output.grid. Text is that already, or names a configuration as Open does.
func GridText(text string) (string, error) {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		return text, nil
	}
	if !slices.Contains(Shipped(), text) {
		if _, err := os.Stat(text); err != nil {
			return "", core.Errorf(core.Invalid, "--grid", text, "it is neither JSON, such as {\"type\":\"healpix\",\"parent_order\":6,\"child_order\":12}, nor a configuration: a file or one of %s", strings.Join(Shipped(), ", "))
		}
	}
	cfg, _, err := Open(text)
	if err != nil {
		return "", err
	}
	keys := map[string]json.RawMessage{}
	if err := json.Unmarshal(cfg.Output.Grid.Config, &keys); err != nil {
		return "", core.Errorf(core.Internal, "--grid", text, "%w", err)
	}
	keys["type"], _ = json.Marshal(cfg.Output.Grid.Type) // a string always can be
	data, err := json.Marshal(keys)
	return string(data), err
}
