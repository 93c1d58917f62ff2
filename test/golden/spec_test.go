package golden

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/sharedtest"
	"github.com/englacial/zagg/internal/zarr"
)

// Published stores with digests are read as they are specified: values and content hashes.
func TestRaggedSpecification(t *testing.T) {
	for name, field := range map[string]string{"minimal": "h_tdigest", "flux": "rx_flux"} {
		text, err := os.ReadFile(sharedtest.Dir(t, "golden", "spec", name+".expected.json"))
		require.NoError(t, err)
		var want struct {
			Leaf, Group string
			Cells       []map[string]json.RawMessage
			Hashes      struct{ Arrays map[string]string } `json:"content_hashes"`
		}
		require.NoError(t, json.Unmarshal(text, &want))
		group, err := zarr.Open(t.Context(), &objstore.File{}, sharedtest.Dir(t, "golden", "spec", name, want.Leaf, want.Group))
		require.NoError(t, err)
		array, err := group.Array(t.Context(), field)
		require.NoError(t, err)
		cells, err := array.ReadCells(t.Context(), []int64{0}, array.Shape)
		require.NoError(t, err)
		hash := sha256.New()
		for _, c := range cells {
			hash.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(c))))
			hash.Write(c)
		}
		require.Equal(t, want.Hashes.Arrays[want.Group+"/"+field], hex.EncodeToString(hash.Sum(nil)))
		for _, c := range want.Cells {
			var index int
			var digest [][2]float32
			require.NoError(t, json.Unmarshal(c["index"], &index))
			require.NoError(t, json.Unmarshal(c[field], &digest))
			got := core.View[float32](append(core.NewData(len(cells[index]))[:0], cells[index]...))
			require.Len(t, got, 2*len(digest))
			for i, row := range digest {
				require.Equal(t, row[:], got[2*i:2*i+2])
			}
			part, err := array.ReadCells(t.Context(), []int64{int64(index)}, []int64{1})
			require.NoError(t, err)
			require.Equal(t, cells[index], part[0])
		}
	}
}
