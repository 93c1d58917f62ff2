package core

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
)

// A ShardKey names one shard of a grid. It is opaque text; only its grid reads meaning into it.
// JSON: a canonical decimal in [0, 2^64) is written as an integer, anything else as a string; strings and any
// integer, negative ones too, are read, and never through a float.
// Order everywhere: shorter text first, then bytewise (for decimals this is numeric order).
type ShardKey string

// MarshalJSON writes a canonical decimal below 2^64 as an integer and anything else as a string.
func (k ShardKey) MarshalJSON() ([]byte, error) {
	if n, err := strconv.ParseUint(string(k), 10, 64); err == nil && strconv.FormatUint(n, 10) == string(k) {
		return []byte(k), nil
	}
	return json.Marshal(string(k))
}

// UnmarshalJSON reads a string or any integer of up to 64 bits, keeping its digits.
func (k *ShardKey) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(k))
	}
	if _, err := strconv.ParseUint(strings.TrimPrefix(string(b), "-"), 10, 64); err != nil {
		return Errorf(Invalid, "read shard key", string(b), "want an integer of at most 64 bits or a text")
	}
	*k = ShardKey(b)
	return nil
}

// CompareKeys is the order of keys: shorter text first, then bytewise.
func CompareKeys(a, b ShardKey) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) }
