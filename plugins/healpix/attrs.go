package healpix

import (
	"encoding/json"
	"fmt"

	"github.com/englacial/zagg/core"
)

// coords are the coordinate variables, one value per cell.
func coords(c Config) []core.Field {
	fields := []core.Field{{Name: "morton", Type: core.Uint64, Width: 1, Fill: json.RawMessage("0")}}
	if c.EmitCellIDs {
		fields = append(fields, core.Field{Name: "cell_ids", Type: core.Uint64, Width: 1, Fill: json.RawMessage("0")})
	}
	return fields
}

// groupAttrs are the attributes of the group.
func groupAttrs(c Config) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"dggs":{"refinement_level":%d}}`, c.ChildOrder))
}
