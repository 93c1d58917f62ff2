package secret

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever prints a secret, alone or inside of something, does not show it.
func TestShowsNothing(t *testing.T) {
	s := Text("hunter2")
	require.Equal(t, "hunter2", s.Reveal())
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%10s"} {
		for _, v := range []any{s, &s, []Text{s}, struct{ S Text }{s}, map[string]Text{"k": s}} {
			require.NotContains(t, fmt.Sprintf(verb, v), "hunter2", "%s of %T", verb, v)
		}
		require.Equal(t, redacted, fmt.Sprintf(verb, s))
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("login", "password", s)
	require.NotContains(t, log.String(), "hunter2")
	text, err := json.Marshal(map[string]Text{"s": s})
	require.NoError(t, err)
	require.NotContains(t, string(text), "hunter2")
	require.Empty(t, Text("").String(), "no secret is seen to be none")
}

func TestIsRead(t *testing.T) {
	var v struct{ Password Text }
	require.NoError(t, json.Unmarshal([]byte(`{"Password":"hunter2"}`), &v))
	require.Equal(t, "hunter2", v.Password.Reveal())
}
