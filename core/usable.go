package core

// maxLon is the largest absolute longitude of a valid position, degrees: products count from -180 or from 0, and some
// round beyond 360.
const maxLon = 361

// Usable reports whether coordinates in degrees are a valid position: finite, latitude within ±90, longitude within ±361.
// Others, such as -999 or 1.8e308, belong to no cell of any grid.
func Usable(lon, lat float64) bool {
	return lon >= -maxLon && lon <= maxLon && lat >= -90 && lat <= 90
}
