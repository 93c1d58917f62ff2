package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/windows"
)

// An Origin is what a group was made from (its attribute "zagg").
type Origin struct {
	Grid          string          `json:"grid"`
	GridConfig    json.RawMessage `json:"grid_config"`
	GridSignature json.RawMessage `json:"grid_signature"`
	Layout        string          `json:"layout"`
	ConfigHash    string          `json:"config_hash"`
	Plan          string          `json:"plan"`
	Plugins       []job.Plugin    `json:"plugins,omitempty"` // that do not come with zagg
	Windows       *windows.Axis   `json:"windows,omitempty"` // of the dimension "time"
}

// OriginOf reads what a group was made from, by the group's attributes. It is the zero Origin where they do not say.
func OriginOf(groupAttrs json.RawMessage) (Origin, error) {
	var o Origin
	return o, ownAttribute(groupAttrs, &o)
}

// GroupOf is the path of the group of a store that zagg wrote, by the attributes of the store's root; false for any other.
func GroupOf(rootAttrs json.RawMessage) (string, bool) {
	levels := LevelsOf(rootAttrs)
	if len(levels) == 0 {
		return "", false
	}
	return levels[0], true
}

// ownAttribute decodes the attribute "zagg", if there is one. It is JSON text; stores of earlier versions have the object
// itself.
func ownAttribute(attrs json.RawMessage, to any) error {
	var all struct {
		Zagg json.RawMessage `json:"zagg"`
	}
	if err := json.Unmarshal(attrs, &all); err != nil || len(all.Zagg) == 0 {
		return err
	}
	var text string
	if json.Unmarshal(all.Zagg, &text) == nil {
		return json.Unmarshal([]byte(text), to)
	}
	return json.Unmarshal(all.Zagg, to)
}

// rootAttributes are those of the store's root, in which there is nothing but the group: they say where to look.
func rootAttributes(group string) (json.RawMessage, error) {
	return json.Marshal(map[string]string{
		"zagg":    fmt.Sprintf(`{"group":%q}`, group),
		"comment": fmt.Sprintf("The data are in the group %q of this store: xarray.open_zarr(store, group=%q)", group, group),
	})
}

// plainAttributes writes as JSON text what a netCDF file cannot hold as an attribute, so that a dataset that xarray opened
// can be written to one: objects, true and false, null, lists that are empty or nested or of more than one kind. Text,
// numbers, and lists of either stay as they are.
func plainAttributes(attrs json.RawMessage) (json.RawMessage, error) {
	if len(attrs) == 0 {
		return attrs, nil
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(attrs, &all); err != nil {
		return nil, err
	}
	changed := false
	for name, value := range all {
		if plainValue(value) {
			continue
		}
		var text bytes.Buffer
		if err := json.Compact(&text, value); err != nil {
			return nil, err
		}
		quoted, err := json.Marshal(text.String())
		if err != nil {
			return nil, err
		}
		all[name], changed = quoted, true
	}
	if !changed {
		return attrs, nil
	}
	return json.Marshal(all)
}

// plainValue reports text, a number, or a list of one of them that is not empty.
func plainValue(raw json.RawMessage) bool {
	var list []json.RawMessage
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
		if json.Unmarshal(raw, &list) != nil || len(list) == 0 {
			return false
		}
	} else {
		list = []json.RawMessage{raw}
	}
	first := kindOf(list[0])
	for _, v := range list {
		if kind := kindOf(v); kind == 0 || kind != first {
			return false
		}
	}
	return true
}

// kindOf is 's' for text, 'n' for a number, 0 for anything else.
func kindOf(raw json.RawMessage) byte {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) > 0 && raw[0] == '"':
		return 's'
	case isNumber(raw):
		return 'n'
	}
	return 0
}

func isNumber(raw []byte) bool {
	_, err := strconv.ParseFloat(string(raw), 64)
	return err == nil && len(raw) > 0 && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9')
}
