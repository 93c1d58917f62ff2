package core

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
)

// A ShardKey identifies one shard of a grid. It is opaque text that only its grid interprets.
// JSON: a canonical decimal in [0, 2^64) is written as an integer, anything else as a string. Strings and integers of up to 64
// bits, including negative ones, are read exactly.
// Order: shorter text first, then bytewise (numeric order for decimals).
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
