package drivers

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is half written is not there.
func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.json")
	failure := errors.New("no more")
	err := Write(t.Context(), path, func(w io.Writer) error {
		_, err := w.Write(make([]byte, 1<<20))
		require.NoError(t, err)
		return failure
	})
	require.ErrorIs(t, err, failure)
	require.NoFileExists(t, path)
	require.Error(t, Write(t.Context(), path+"/y.json/", func(w io.Writer) error {
		_, err := w.Write(make([]byte, 1<<20))
		return err
	}))
	require.NoError(t, Write(t.Context(), path, func(w io.Writer) error {
		_, err := io.WriteString(w, "whole")
		return err
	}))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "whole", string(data))
}
