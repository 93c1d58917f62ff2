package build

import "github.com/englacial/zagg/internal/catalog/geometry"

// An Area is what the metadata of a map says of the area that was asked for: how its rings were read.
type Area struct {
	Rings    int                `json:"rings"`
	Readings []geometry.Reading `json:"readings"` // first those that could have been read quite differently; at most mostReadings
}

// mostReadings is how many rings a map describes.
const mostReadings = 20

// areaOf picks the readings to note; nil for an area that has no rings, or none at all.
func areaOf(readings []geometry.Reading) *Area {
	if len(readings) == 0 {
		return nil
	}
	a := &Area{Rings: len(readings)}
	for _, doubtful := range []bool{true, false} {
		for i := range readings {
			if (readings[i].Warning() != "") == doubtful && len(a.Readings) < mostReadings {
				a.Readings = append(a.Readings, readings[i])
			}
		}
	}
	return a
}
