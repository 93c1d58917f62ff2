package sharedtest

import "regexp"

// identity is what a group's attribute zagg says of plugins in processes of their own: their names, and the hash that they are part of.
var identity = regexp.MustCompile(`(\\"config_hash\\":\\")[0-9a-f]+|,\\"plugins\\":\[[^]]*\]`)

// WithoutPlugins is a store's metadata without which plugins its values were computed with, to compare stores that differ in
// nothing else.
func WithoutPlugins(metadata []byte) []byte { return identity.ReplaceAll(metadata, []byte("$1")) }
