package sphere

// WGS84 and its authalic latitude: the latitude on a sphere of the same area, on which equal-area grids such as
// HEALPix are defined.

import "math"

// The WGS84 ellipsoid and the mean radius of the Earth (IUGG), in metres.
const (
	SemimajorAxis     = 6378137.0
	InverseFlattening = 298.257223563
	EarthRadius       = 6371008.8
)

// minMeridianRadius is the WGS84 radius of curvature of the meridian at the equator, a(1-e²), rounded down: the smallest
// number of metres in a radian of latitude, and so of any arc under either latitude convention.
const minMeridianRadius = 6335439.0

// MarginAngle is an angle on the sphere that contains every point within so many metres of a point of the ellipsoid,
// whichever way latitudes are mapped to the sphere.
func MarginAngle(metres float64) float64 {
	return min(max(metres, 0)/minMeridianRadius, math.Pi)
}

// Coefficients of sin 2kφ, k = 1…6, in authalic minus geodetic latitude and back, in radians, for the WGS84
// eccentricity. They are Fourier coefficients of the closed form q(φ)/q(π/2) (Snyder 1987, Map Projections: A Working
// Manual, eq. 3-11 and 3-12), evaluated with 50 digits; their series in the third flattening are in Karney 2022, On
// auxiliary latitudes (arXiv:2212.05818). What is left out is below 1e-20 rad and 1e-19 rad.
const (
	f1 = -0.0022392098386786397982
	f2 = 2.1308606513250222674e-6
	f3 = -2.5592576864191225327e-9
	f4 = 3.370196525542269215e-12
	f5 = -4.6675430156255860259e-15
	f6 = 6.6762882804931336901e-18

	i1 = 0.0022392089963541664787
	i2 = 2.8831978048607720414e-6
	i3 = 5.0862207400080217037e-9
	i4 = 1.0201812320351601392e-11
	i5 = 2.1944750774360806809e-14
	i6 = 4.9327469009401153526e-17
)

// Authalic maps WGS84 geodetic to authalic latitude, degrees. Exact at 0 and ±90; odd and increasing. Values that are
// not finite pass; a result beyond ±90 is cut back only if the input was in range.
func Authalic(lat float64) float64 {
	return clampLat(lat, lat+degree*series(lat, f1, f2, f3, f4, f5, f6))
}

// Geodetic maps WGS84 authalic to geodetic latitude, degrees: the inverse of Authalic.
func Geodetic(lat float64) float64 {
	return clampLat(lat, lat+degree*series(lat, i1, i2, i3, i4, i5, i6))
}

// clampLat is mapped, kept within ±90 if lat is, and exact where the series vanishes.
func clampLat(lat, mapped float64) float64 {
	switch {
	case lat == 90 || lat == -90 || lat == 0:
		return lat
	case math.IsInf(lat, 0):
		return lat
	case lat > -90 && lat < 90:
		return max(-90, min(90, mapped))
	}
	return mapped
}

// series is the sum of c_k sin 2kφ by Clenshaw's recurrence.
func series(lat, c1, c2, c3, c4, c5, c6 float64) float64 {
	s, c := math.Sincos(2 * lat * radian)
	x := 2 * c
	b6 := c6
	b5 := c5 + x*b6
	b4 := c4 + x*b5 - b6
	b3 := c3 + x*b4 - b5
	b2 := c2 + x*b3 - b4
	b1 := c1 + x*b2 - b3
	return s * b1
}
