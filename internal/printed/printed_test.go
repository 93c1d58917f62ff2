package printed

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

const hostile = "a\x1b]0;x\x07\x1b[31m\u009b2J\u202eb\x7f\x00\xff\r\nünder\r∂"

func TestWriter(t *testing.T) {
	var out bytes.Buffer
	w := Results(&out)
	_, err := w.Write([]byte(hostile))
	require.NoError(t, err)
	require.NoError(t, w.Flush())
	require.Equal(t, `a\x1b]0;x\x07\x1b[31m\u009b2J\u202eb\u007f\x00\xff`+"\r\nünder"+`\x0d∂`, out.String())

	out.Reset()
	_, err = Messages(&out).Write([]byte("get https://u:secret@h/x?sig=1 \x1b\n"))
	require.NoError(t, err)
	require.Equal(t, "get https://h/x?… \\x1b\n", out.String())
	require.Same(t, &out, Results(&out).Unwrap())
}

// JSON says the same after it was escaped.
func TestWriterKeepsJSON(t *testing.T) {
	var out bytes.Buffer
	w := Results(&out)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	name := strings.ToValidUTF8(hostile, "?")
	require.NoError(t, enc.Encode([]string{name, "https://h/x?a=b"}))
	var back []string
	require.NoError(t, json.Unmarshal(out.Bytes(), &back))
	require.Equal(t, []string{name, "https://h/x?a=b"}, back)
	require.NotContains(t, out.String(), "\u202e")
}

// However a text is cut into writes, it comes out the same, and nothing in it steers a terminal.
func FuzzWriter(f *testing.F) {
	f.Add([]byte(hostile), uint8(1))
	f.Add([]byte("\xe2\x80"), uint8(1))
	f.Fuzz(func(t *testing.T, text []byte, step uint8) {
		var out bytes.Buffer
		w := Results(&out)
		for at := 0; at < len(text); {
			end := min(len(text), at+int(step)+1)
			n, err := w.Write(text[at:end])
			require.NoError(t, err)
			require.Equal(t, end-at, n)
			at = end
		}
		require.NoError(t, w.Flush())
		require.Equal(t, core.Escaped(string(text)), out.String())
		require.Equal(t, out.String(), core.Escaped(out.String()))
	})
}
