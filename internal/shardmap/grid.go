package shardmap

import (
	"bytes"
	"encoding/json"

	"github.com/englacial/zagg/core"
)

// The latitudes of HEALPix cells. Maps of earlier releases, whose keys are signed decimals, are of LegacyLatitude unless
// they or the configuration say otherwise; signatures leave defaultLatitude out.
const (
	LegacyLatitude  = "geodetic-spherical"
	defaultLatitude = "authalic-wgs84"
)

// CheckGrid compares a map's signature with a grid's: the latitude that the map leaves open is the grid's.
func (m *Map) CheckGrid(grid core.Grid) error {
	own, err := fieldsOf(m.GridSignature)
	if err != nil {
		return err
	}
	signature := grid.Info().Signature
	others, err := fieldsOf(signature)
	if err != nil {
		return err
	}
	switch latitude, ok := own["latitude"]; {
	case ok && string(latitude) == `"`+defaultLatitude+`"`:
		delete(own, "latitude")
	case !ok && len(m.LegacyKeys()) > 0 && others["latitude"] != nil:
		own["latitude"] = others["latitude"]
	}
	text, err := json.Marshal(own)
	if err != nil {
		return err
	}
	if same, difference := SameSignature(text, signature); !same {
		return core.Errorf(core.Invalid, "shard map", "grid_signature", "it was made for another grid than the configuration's: %s", difference)
	}
	return nil
}

func fieldsOf(object json.RawMessage) (map[string]json.RawMessage, error) {
	m := map[string]json.RawMessage{}
	if err := json.Unmarshal(object, &m); err != nil {
		return nil, core.Errorf(core.Invalid, "shard map", "grid_signature", "%w", err)
	}
	return m, nil
}

// GridSettings adds to a grid's settings the latitude that keys of earlier releases imply, where neither they nor the
// map's signature say one.
func (m *Map) GridSettings(settings json.RawMessage) (json.RawMessage, error) {
	if len(m.LegacyKeys()) == 0 {
		return settings, nil
	}
	own, err := fieldsOf(m.GridSignature)
	if err != nil {
		return nil, err
	}
	given, err := fieldsOf(settings)
	if err != nil {
		return nil, err
	}
	if given["latitude"] != nil || own["latitude"] != nil {
		return settings, nil
	}
	given["latitude"] = json.RawMessage(`"` + LegacyLatitude + `"`)
	return json.Marshal(given)
}

// SayLatitude makes a HEALPix signature name its latitude, which labels for keys would otherwise contradict.
func SayLatitude(signature json.RawMessage) (json.RawMessage, error) {
	s, err := fieldsOf(signature)
	if err != nil || string(s["type"]) != `"healpix"` || s["latitude"] != nil {
		return signature, err
	}
	return append(bytes.TrimSuffix(bytes.TrimSpace(bytes.Clone(signature)), []byte("}")), `,"latitude":"`+defaultLatitude+`"}`...), nil
}
