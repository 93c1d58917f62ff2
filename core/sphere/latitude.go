package sphere

// The two ways in which grids map geodetic latitudes to their sphere.

// A Latitude is a way to map WGS84 geodetic latitudes to a sphere. The same edge is another curve under another
// Latitude, so a region is compiled for one of them.
type Latitude uint8

// The ways. Geocentric or conformal latitudes are not in use by any grid here.
const (
	// Equal area: authalic latitude of WGS84.
	AuthalicWGS84 Latitude = iota
	// The geodetic latitude is taken as that of a sphere.
	GeodeticSpherical
)

// ToSphere maps a geodetic latitude to the sphere, degrees.
func (l Latitude) ToSphere(lat float64) float64 {
	if l == AuthalicWGS84 {
		return Authalic(lat)
	}
	return lat
}

// FromSphere maps a latitude of the sphere back to geodetic, degrees.
func (l Latitude) FromSphere(lat float64) float64 {
	if l == AuthalicWGS84 {
		return Geodetic(lat)
	}
	return lat
}

// Point is the point of the sphere at geodetic coordinates.
func (l Latitude) Point(lon, lat float64) Vec { return FromLonLat(lon, l.ToSphere(lat)) }
