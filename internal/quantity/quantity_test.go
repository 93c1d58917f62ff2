package quantity

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQuantities(t *testing.T) {
	require.Equal(t, "0.0s 59.9s 1.0m 59.5m 1.0h", Seconds(0)+" "+Seconds(59.9)+" "+Seconds(60)+" "+Seconds(3570)+" "+Seconds(3600))
	require.Equal(t, "1 shard, 0 shards, 1,234 shards, 1 index, 2 indexes", Counted(1, "shard")+", "+Counted(0, "shard")+", "+Counted(1234, "shard")+", "+Counted(1, "index")+", "+Counted(2, "index"))
	require.Equal(t, "0.0 MB, 999.9 MB, 1.00 GB", Bytes(0)+", "+Bytes(999_900_000)+", "+Bytes(1_000_000_000))
}
