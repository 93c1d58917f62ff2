package core

// maxLon is the farthest longitude that is taken for a position, degrees: products count from -180 or from 0, and some
// round 360 up.
const maxLon = 361

// Usable reports whether coordinates in degrees are a position: finite, within ±90 of latitude, and within a turn of
// longitude either way. What is none, such as -999 or 1.8e308, is in no cell of any grid.
func Usable(lon, lat float64) bool {
	return lon >= -maxLon && lon <= maxLon && lat >= -90 && lat <= 90
}
