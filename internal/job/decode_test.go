package job

import (
	"errors"
	"fmt"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// Whichever member of an event, or of what is in it, is of whatever kind: it is taken or refused, in words of the event and not of this
// program.
func TestEventsOfAnyKind(t *testing.T) {
	ours := regexp.MustCompile(`\bGo\b|json:|job\.|core\.|struct|int64|map\[|nil|unmarshal|Unmarshal|parsing time`)
	values := []string{`5`, `-1`, `1.5`, `"x"`, `""`, `true`, `[]`, `{}`, `[5]`, `["x"]`, `[[]]`, `[{}]`, `[null]`, `{"x": 5}`, `null`, `1e400`, `99999999999999999999999`, `"\u0000"`, `[`, ``}
	events := map[string][]string{
		`{"shard_key": 1, "store_path": "s3://b/s", "granule_urls": ["s3://b/g"], %s}`: {
			"mode", "chunk_idx", "shard_key", "parent_order", "granule_urls", "store_path", "s3_credentials", "output_credentials", "child_order", "config", "plugins", "profile",
			"handoff", "invoked_by", "run_id", "result_url", "started_url", "allow_contraction", "submap", "granules_url", "granules_key", "label", "block", "plan", "plan_shards",
			"grid_signature", "window", "driver", "region", "output_acl", "output_kms_key", "requester_pays", "overwrite", "append", "allow_missing", "home", "untimed", "superseded",
			"missing", "shards", "aoi_payload",
		},
		`{"shard_key": 1, "store_path": "s3://b/s", "granule_urls": [{"url": "s3://b/g", %s}]}`:                             {"url", "etag", "size", "assets"},
		`{"shard_key": 1, "store_path": "s3://b/s", "granule_urls": [], "s3_credentials": {"accessKeyId": "a", %s}}`:        {"secretAccessKey", "sessionToken", "endpointUrl", "region"},
		`{"shard_key": 1, "store_path": "s3://b/s", "granule_urls": [], "plugins": [{%s}]}`:                                 {"name", "version", "sha256"},
		`{"shard_key": 1, "store_path": "s3://b/s", "granule_urls": [], "superseded": [{%s}]}`:                              {"granule", "by"},
		`{"shard_key": 1, "store_path": "s3://b/s", "granule_urls": [], "missing": [{%s}]}`:                                 {"granule", "code", "error"},
		`{"shard_key": 1, "store_path": "s3://b/s", "granule_urls": [], "window": {"axis": {"schedule": "yearly"}, %s}}`:    {"label", "start", "end", "place", "axis"},
		`{"shard_key": 1, "store_path": "s3://b/s", "granule_urls": [], "window": {"axis": {"schedule": "yearly", %s}}}`:    {"schedule", "first", "count", "list"},
		`{"shard_key": 1, "store_path": "s3://b/s", "granule_urls": [], "shards": [{"shard_key": 1, %s}]}`:                  {"shard_key", "label", "chunk_idx", "block", "granules", "home", "untimed", "superseded", "missing"},
		`{"mode": "setup", "store_path": "s3://b/s", "config": {}, %s}`:                                                     {"shard_keys", "windows", "planned", "selected", "overwrite", "granule_url", "claim", "if_match", "times_us", "dataset"},
		`{"mode": "setup", "store_path": "s3://b/s", "config": {}, "windows": {"schedule": "yearly", %s}, "planned": [{}]}`: {"schedule", "first", "count", "list"},
		`{"mode": "setup", "store_path": "s3://b/s", "config": {}, "planned": [{%s}]}`:                                      {"place", "shard_keys"},
	}
	for event, members := range events {
		for _, member := range members {
			for _, value := range values {
				data := []byte(fmt.Sprintf(event, fmt.Sprintf("%q: %s", member, value)))
				_, err := Decode(data)
				if ModeOf(data) == ModeSetup {
					_, err = DecodeCall(data)
				}
				if err == nil {
					continue
				}
				require.Contains(t, []core.Code{core.Invalid, core.Unsupported}, core.CodeOf(err), "%s", data)
				e, ok := errors.AsType[*core.Error](err)
				require.True(t, ok)
				require.NotRegexp(t, ours, e.Err.Error(), "%s", data)
			}
		}
	}
}
