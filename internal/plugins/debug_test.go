package plugins

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/config"
)

func TestLevels(t *testing.T) {
	for line, want := range map[string]string{
		"hello": "info", "": "info", "DEBUG:root:x": "debug", "[WARN] x": "warn", "WARNING: x": "warn", "level=error msg=x": "error", "error: no": "error",
		`{"@level":"debug","@message":"x"}`: "debug", `{"level":"ERROR"}`: "error", `{"levelname":"warning"}`: "warn", "{": "info", "errors are few": "info",
	} {
		require.Equal(t, want, levelOf(line), line)
	}
	s := &Set{Level: "warn"}
	require.False(t, s.shown("hello"))
	require.True(t, s.shown("ERROR x"))
	require.True(t, (&Set{}).shown("DEBUG x"))
	require.False(t, (&Set{Level: "off"}).shown("ERROR x"))
}

// The schema of configurations has the keys of what plugins offer.
func TestSchema(t *testing.T) {
	keys := func(name string) json.RawMessage {
		return json.RawMessage(`{"properties":{"` + name + `":{"type":"number"}}}`)
	}
	text, err := schema(config.Schema(), []Info{{Name: "p", Grids: []host.Offer{{Name: "boxes", Schema: keys("degrees")}},
		Readers: []host.Offer{{Name: "csv", Schema: keys("skip")}, {Name: "plain"}}, Statistics: []host.Offer{{Name: "steps", Schema: keys("factor")}}}})
	require.NoError(t, err)
	var root map[string]any
	require.NoError(t, json.Unmarshal(text, &root))
	variable, ok := at(root, "aggregation", "variables")["additionalProperties"].(object)
	require.True(t, ok)
	for want, schema := range map[string]object{"degrees": at(root, "output", "grid"), "skip": at(root, "data_source"), "factor": variable} {
		all, ok := schema["allOf"].([]any)
		require.True(t, ok, want)
		require.Len(t, all, 1, want)
		condition, err := json.Marshal(all[0])
		require.NoError(t, err)
		require.Contains(t, string(condition), `"`+want+`"`)
	}
}
