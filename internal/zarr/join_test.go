package zarr

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestJoin(t *testing.T) {
	for want, parts := range map[string][]string{
		"s3://b/x.zarr/12/h/c/0": {"s3://b/x.zarr/", "12", "/h/", "c/0"}, "a": {"a"}, "/x/y": {"/x", "y"},
	} {
		require.Equal(t, want, Join(parts...))
	}
}
